// certificates.ts — two certificates that say who they are, for tests of TLS: nothing trusts them, and nothing else is
// protected by their keys. Made with `openssl req -x509`, good for a hundred years.

export type Certificate = { readonly cert: string; readonly key: string }

/** Of first.example. */
export const firstCertificate: Certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBiDCCAS2gAwIBAgIUC2A9ja7NCyYoIOpi2UkzzJlGFGEwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNZmlyc3QuZXhhbXBsZTAgFw0yNjExMjEwODE0MTZaGA8yMTI2
MTAyODA4MTQxNlowGDEWMBQGA1UEAwwNZmlyc3QuZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABHynkl4LIiWdMhnCRiA96Z+iF4+zDYNFDtuaVvcIgV1R
BgP8b/tSxa+agOmC99rkypBIujV0wthh/ZnUriKA6hijUzBRMB0GA1UdDgQWBBRF
CRNig2u2dkbdRl+yQ5wG0OjZpDAfBgNVHSMEGDAWgBRFCRNig2u2dkbdRl+yQ5wG
0OjZpDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQD5v81NYvuK
K+NXZEMx02biT4l79Y1ZOscEREPLuXWzJAIhAOy/ajLTybFmhbLYq1Hf4uD6T5HH
1Q+kI7olbCUge/su
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5a6A1v7K7bsrkceo
Efn4oi4fTj1/qxc8R04DEeRcOnWhRANCAAR8p5JeCyIlnTIZwkYgPemfohePsw2D
RQ7bmlb3CIFdUQYD/G/7UsWvmoDpgvfa5MqQSLo1dMLYYf2Z1K4igOoY
-----END PRIVATE KEY-----
`,
}

/** Of second.example. */
export const secondCertificate: Certificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIURsOy9IfKNqDIgfOh83UcX+37nC8wCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOc2Vjb25kLmV4YW1wbGUwIBcNMjYxMTIxMDgxNDE2WhgPMjEy
NjEwMjgwODE0MTZaMBkxFzAVBgNVBAMMDnNlY29uZC5leGFtcGxlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAENIKPTIjsJ+WEqj3dylZK4AKucJ2Opa0kqrf+k4Ve
hoSZJoDPL1P9UkouXXXwaAtD07rC1pN7eSeWR6BIF2KDzaNTMFEwHQYDVR0OBBYE
FO4+ewYqsrhCogLkJ4veQgiajcdYMB8GA1UdIwQYMBaAFO4+ewYqsrhCogLkJ4ve
QgiajcdYMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgIZGZk7lB
Yx/EZ9b1ypSJVdxsekhBqKFOoEW1aAHQJSECIQC0sGv+Tvb/ssyszIF12Yv/tUyV
/VdcCA24lIXoa0Ha/g==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOUzObEAXRxtviHzI
XVnNpMlujzGW5xSk7ZPgfERCOo6hRANCAAQ0go9MiOwn5YSqPd3KVkrgAq5wnY6l
rSSqt/6ThV6GhJkmgM8vU/1SSi5ddfBoC0PTusLWk3t5J5ZHoEgXYoPN
-----END PRIVATE KEY-----
`,
}
