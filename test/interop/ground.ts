/** The servers and files that the interop checks use. */

/** Where our servers listen, and what foreign programs need to call them. */
export interface Ground {
  /** `host:port` of a server in cleartext. */
  readonly cleartext: string
  /** `host:port` of a server that answers TLS, and cleartext on the same port. */
  readonly both: string
  /** Path of the PEM file with the authority that signed the server's certificate. */
  readonly caFile: string
  /** An empty folder for files of the checks. */
  readonly folder: string
}
