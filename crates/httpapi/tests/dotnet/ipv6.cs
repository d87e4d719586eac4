// Binds [2001:db8::1]:443 by an address as the runtime lays it out, and asks for that binding.

using System;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;

static class Ipv6
{
    [StructLayout(LayoutKind.Sequential)]
    struct Version { public ushort Major, Minor; }

    // HTTP_SERVICE_CONFIG_SSL_SET
    [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
    struct Set
    {
        public IntPtr Address;
        public uint HashLength;
        public IntPtr Hash;
        public Guid AppId;
        [MarshalAs(UnmanagedType.LPWStr)] public string StoreName;
        public uint CheckMode, RevocationFreshnessTime, UrlRetrievalTimeout;
        public IntPtr CtlIdentifier, CtlStoreName;
        public uint Flags;
    }

    // HTTP_SERVICE_CONFIG_SSL_QUERY, of which HttpServiceConfigQueryExact is 0.
    [StructLayout(LayoutKind.Sequential)]
    struct Query
    {
        public uint QueryDesc;
        public IntPtr Address;
        public uint Token;
    }

    [DllImport("httpapi.dll", ExactSpelling = true)]
    static extern uint HttpInitialize(Version version, uint flags, IntPtr reserved);

    [DllImport("httpapi.dll", ExactSpelling = true)]
    static extern uint HttpSetServiceConfiguration(IntPtr service, uint id, ref Set set, uint length, IntPtr overlapped);

    [DllImport("httpapi.dll", ExactSpelling = true)]
    static extern uint HttpQueryServiceConfiguration(
        IntPtr service, uint id, ref Query query, uint length, IntPtr output, uint room, out uint needed, IntPtr overlapped);

    static void Main()
    {
        var serialized = new IPEndPoint(IPAddress.Parse("2001:db8::1"), 443).Serialize();
        var address = Marshal.AllocHGlobal(serialized.Size);
        for (var i = 0; i < serialized.Size; i++) Marshal.WriteByte(address, i, serialized[i]);
        var hash = Marshal.AllocHGlobal(20);
        for (var i = 0; i < 20; i++) Marshal.WriteByte(hash, i, 1);

        var initialized = HttpInitialize(new Version { Major = 1 }, 2, IntPtr.Zero);
        var set = new Set { Address = address, HashLength = 20, Hash = hash, StoreName = "MY" };
        var bound = HttpSetServiceConfiguration(IntPtr.Zero, 1, ref set, (uint)Marshal.SizeOf(set), IntPtr.Zero);
        var again = HttpSetServiceConfiguration(IntPtr.Zero, 1, ref set, (uint)Marshal.SizeOf(set), IntPtr.Zero);
        Console.WriteLine($"{initialized} {bound} {again}");

        var query = new Query { Address = address };
        var output = Marshal.AllocHGlobal(1024);
        var queried = HttpQueryServiceConfiguration(
            IntPtr.Zero, 1, ref query, (uint)Marshal.SizeOf(query), output, 1024, out _, IntPtr.Zero);
        Console.WriteLine($"{queried}");
        var answered = Marshal.ReadIntPtr(output);
        var same = true;
        for (var i = 0; i < serialized.Size; i++) same &= Marshal.ReadByte(answered, i) == serialized[i];
        Console.WriteLine($"family {serialized[0] | serialized[1] << 8}, answered alike: {same}");

        var exception = new Win32Exception((int)again);
        Console.WriteLine($"{exception.NativeErrorCode}: {exception.Message}");
    }
}
