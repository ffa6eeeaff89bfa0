/** What a call needs of a WebSocket. */

/** A WebSocket of one call, with backpressure for what it sends. */
export interface CallSocket {
  /** Resolves with the subprotocol that the server chose. Rejects if the WebSocket does not open. */
  readonly opened: Promise<string>
  /** Sends a message, and resolves when there is room for another one: with false if the WebSocket has closed. */
  send(message: Uint8Array): Promise<boolean>
  /** Resolves with the next message. Rejects with what ended the WebSocket; messages that arrived before a close come first. */
  receive(): Promise<Uint8Array>
  /** Closes the WebSocket from this side. `receive` rejects with the reason from now on. */
  close(reason: unknown): void
}

/** Creates a WebSocket to a URL of the scheme `ws` or `wss`. */
export type CreateSocket = (url: string) => CallSocket
