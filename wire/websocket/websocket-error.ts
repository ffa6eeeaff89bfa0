/** What a peer did that RFC 6455, or a limit of ours, does not allow. */

/** Fails a connection, which closes with this code and reason. */
export class WebSocketError extends Error {
  readonly code: number

  /** @param message at most 123 octets of ASCII, which the peer receives */
  constructor(code: number, message: string) {
    super(message)
    this.name = 'WebSocketError'
    this.code = code
  }
}
