# Adds 6 TLS certificate bindings. Run it as administrator. It stops at the first
# binding that netsh does not add, and keeps those that it added before.
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$script:added = 0

function Add-SslCert {
    netsh http add sslcert @args
    $code = $LASTEXITCODE
    if ($code -eq 0) {
        # Some hosts report success for an option that they do not have, and add nothing.
        netsh http show sslcert $args[0] | Out-Null
        if ($LASTEXITCODE -eq 0) {
            $script:added++
            return
        }
        throw "$($args[0]): netsh reported success and added nothing; $script:added of 6 added"
    }
    throw "$($args[0]): netsh failed with exit code $code; $script:added of 6 added"
}

Add-SslCert 'ipport=0.0.0.0:443' 'certhash=61d34f532da121bbab64723c4871e72c92f03735' 'appid={4dc3e181-e14b-4a21-b022-59fc669b0914}' 'certstorename=WebHosting'
Add-SslCert 'ipport=0.0.0.0:8443' 'certhash=5226dc6c54559761cd471b86eb51c096252c90f2' 'appid={4dc3e181-e14b-4a21-b022-59fc669b0914}'
Add-SslCert 'ipport=0.0.0.0:44304' 'certhash=61d34f532da121bbab64723c4871e72c92f03735' 'appid={214124cd-d05b-4309-9af9-9caa44b2b74a}' 'certstorename=MY' 'verifyclientcertrevocation=disable' 'clientcertnegotiation=enable'
Add-SslCert 'ipport=0.0.0.0:44307' 'certhash=61d34f532da121bbab64723c4871e72c92f03735' 'appid={214124cd-d05b-4309-9af9-9caa44b2b74a}' 'certstorename=MY' 'verifyclientcertrevocation=disable'
Add-SslCert 'ipport=[::]:443' 'certhash=61d34f532da121bbab64723c4871e72c92f03735' 'appid={ba195980-cd49-458b-9e23-c84ee0adcd75}' 'certstorename=MY'
Add-SslCert 'hostnameport=SNI.IIS8.com:443' 'certhash=61d34f532da121bbab64723c4871e72c92f03735' 'appid={4dc3e181-e14b-4a21-b022-59fc669b0914}' 'certstorename=My'
