/** What `onSend` hooks see in place of a body that is not theirs to change. */
import { Readable } from 'node:stream'

/**
 * Stands for the messages of a call. It is a stream, as hooks expect of a body that is not there yet, and an empty one, so that a
 * hook that reads it waits for nothing.
 */
export class OpaquePayload extends Readable {
  override _read(): void {
    this.push(null)
  }
}
