$ErrorActionPreference = 'Stop'

$folder = Split-Path -Parent $MyInvocation.MyCommand.Definition
$package = @{
    PackageName    = $env:ChocolateyPackageName
    UnzipLocation  = $folder
    Url64bit       = 'https://github.com/certbind/certbind/releases/download/v{{version}}/certbind-{{version}}-x86_64-windows.zip'
    Checksum64     = '{{sha256}}'
    ChecksumType64 = 'sha256'
}
Install-ChocolateyZipPackage @package

# Chocolatey puts every program of a package on the PATH. The simulated netsh.exe must not be there.
$harness = Join-Path $folder 'certbind-{{version}}-x86_64-windows\harness'
Get-ChildItem -Path $harness -Filter '*.exe' | ForEach-Object {
    New-Item -Path "$($_.FullName).ignore" -ItemType File -Force | Out-Null
}
