/** What options of TLS of other servers are called here. */

/** What to do instead of an option that `tls` does not have: by names of Node's TLS, and of the credentials of grpc-js. */
export const PORT_TLS_ADVICE: Readonly<Record<string, string>> = {
  rejectUnauthorized: 'no counterpart: tls.ca makes every client show a certificate',
  requestCert: 'use tls.ca, which makes every client show a certificate',
  checkClientCertificate: 'use tls.ca, which makes every client show a certificate',
  private_key: 'use tls.key',
  cert_chain: 'use tls.cert',
  pfx: 'use tls.cert and tls.key, in PEM',
  ALPNProtocols: 'no counterpart, as the port answers h2 and http/1.1',
  SNICallback: 'use tls.certificates',
  secureContext: 'use tls.cert and tls.key',
}
