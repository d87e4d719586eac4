// Binds 0.0.0.0:443 through the httpapi.dll of the system's folder alone. The library is loaded as
// windows.NewLazySystemDLL of golang.org/x/sys does: LoadLibraryEx with LOAD_LIBRARY_SEARCH_SYSTEM32.
package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

const loadLibrarySearchSystem32 = 0x800

const httpInitializeConfig = 2

const httpServiceConfigSSLCertInfo = 1

// HTTP_SERVICE_CONFIG_SSL_SET, with its key and its parameters.
type sslSet struct {
	ipPort              *[16]byte
	hashLength          uint32
	hash                *[20]byte
	appID               [16]byte
	storeName           *uint16
	checkMode           uint32
	revocationFreshness uint32
	urlRetrievalTimeout uint32
	ctlIdentifier       *uint16
	ctlStoreName        *uint16
	flags               uint32
}

func loadSystemLibrary(name string) *syscall.DLL {
	wide, err := syscall.UTF16PtrFromString(name)
	if err != nil {
		panic(err)
	}
	load := syscall.NewLazyDLL("kernel32.dll").NewProc("LoadLibraryExW")
	handle, _, err := load.Call(uintptr(unsafe.Pointer(wide)), 0, loadLibrarySearchSystem32)
	if handle == 0 {
		panic(&syscall.DLLError{Err: err, ObjName: name, Msg: "Failed to load " + name + ": " + err.Error()})
	}
	return &syscall.DLL{Name: name, Handle: syscall.Handle(handle)}
}

func main() {
	library := loadSystemLibrary("httpapi.dll")
	path := make([]uint16, syscall.MAX_PATH)
	fileName := syscall.NewLazyDLL("kernel32.dll").NewProc("GetModuleFileNameW")
	fileName.Call(uintptr(library.Handle), uintptr(unsafe.Pointer(&path[0])), uintptr(len(path)))
	fmt.Println("loaded", syscall.UTF16ToString(path))

	// HTTPAPI_VERSION_1 is passed by value.
	code, _, _ := library.MustFindProc("HttpInitialize").Call(1, httpInitializeConfig, 0)
	if code != 0 {
		fmt.Println("HttpInitialize:", code)
		os.Exit(1)
	}
	var hash [20]byte
	for i := range hash {
		hash[i] = byte(i + 1)
	}
	store, _ := syscall.UTF16PtrFromString("MY")
	address := [16]byte{syscall.AF_INET, 0, 443 >> 8, 443 & 255}
	set := sslSet{ipPort: &address, hashLength: uint32(len(hash)), hash: &hash, storeName: store}
	configure := library.MustFindProc("HttpSetServiceConfiguration")
	code, _, _ = configure.Call(
		0, httpServiceConfigSSLCertInfo, uintptr(unsafe.Pointer(&set)), unsafe.Sizeof(set), 0)
	fmt.Println("HttpSetServiceConfiguration:", code)
	if code != 0 {
		os.Exit(1)
	}
}
