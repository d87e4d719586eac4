@echo off
setlocal DisableDelayedExpansion
netsh http add sslcert ipport=0.0.0.0:443 certhash=61d34f532da121bbab64723c4871e72c92f03735 appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=WebHosting || exit /b 1
netsh http add sslcert ipport=0.0.0.0:8443 certhash=5226dc6c54559761cd471b86eb51c096252c90f2 appid={4dc3e181-e14b-4a21-b022-59fc669b0914} || exit /b 1
netsh http add sslcert ipport=0.0.0.0:44304 certhash=61d34f532da121bbab64723c4871e72c92f03735 appid={214124cd-d05b-4309-9af9-9caa44b2b74a} certstorename=MY verifyclientcertrevocation=disable clientcertnegotiation=enable || exit /b 1
netsh http add sslcert ipport=0.0.0.0:44307 certhash=61d34f532da121bbab64723c4871e72c92f03735 appid={214124cd-d05b-4309-9af9-9caa44b2b74a} certstorename=MY verifyclientcertrevocation=disable || exit /b 1
netsh http add sslcert ipport=[::]:443 certhash=61d34f532da121bbab64723c4871e72c92f03735 appid={ba195980-cd49-458b-9e23-c84ee0adcd75} certstorename=MY || exit /b 1
netsh http add sslcert hostnameport=SNI.IIS8.com:443 certhash=61d34f532da121bbab64723c4871e72c92f03735 appid={4dc3e181-e14b-4a21-b022-59fc669b0914} certstorename=My || exit /b 1
