/** What `onSend` hooks see in place of a body that they cannot change. */
import { Readable } from 'node:stream'

/**
 * Stands for the messages of a call. A stream, as hooks expect for a body that is not there yet, and empty, so that a
 * hook that reads it does not wait.
 */
export class OpaquePayload extends Readable {
  override _read(): void {
    this.push(null)
  }
}
