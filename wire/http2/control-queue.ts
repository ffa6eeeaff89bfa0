/** Control frames that wait for the next flush, which sends them first. */
import { Buffer } from 'node:buffer'
import type { FrameOutput } from './frame-output.ts'
import {
  MAX_CONTROL_FRAME_BYTES,
  writeGoaway,
  writePing,
  writeRstStream,
  writeSettings,
  writeSettingsAck,
  writeWindowUpdate,
} from './frame-writer.ts'

/** A buffer of control frames, allocated only while some wait. */
export class ControlQueue {
  /** Octets in the queue. */
  length = 0
  /** Number of replies to the peer (acknowledgements, resets) in the queue, which is limited against floods. */
  replies = 0
  private buffer: Buffer | null = null

  settings(settings: readonly (readonly [number, number])[]): void {
    this.length = writeSettings(this.room(), this.length, settings)
  }

  settingsAck(): void {
    this.replies++
    this.length = writeSettingsAck(this.room(), this.length)
  }

  ping(flags: number, payload: Buffer, start: number, isReply: boolean): void {
    if (isReply) this.replies++
    this.length = writePing(this.room(), this.length, flags, payload, start)
  }

  windowUpdate(streamId: number, increment: number): void {
    this.length = writeWindowUpdate(this.room(), this.length, streamId, increment)
  }

  reset(streamId: number, code: number): void {
    this.replies++
    this.length = writeRstStream(this.room(), this.length, streamId, code)
  }

  goaway(lastStreamId: number, code: number, reason: string): void {
    this.length = writeGoaway(this.room(), this.length, lastStreamId, code, reason)
  }

  /** Queues octets that are not a frame: the client's preface. */
  raw(octets: Buffer): void {
    this.length += octets.copy(this.room(), this.length)
  }

  /** Moves everything to the output. */
  flushTo(output: FrameOutput): void {
    if (this.buffer === null) return
    output.append(this.buffer, 0, this.length)
    this.buffer = null
    this.length = 0
    this.replies = 0
  }

  private room(): Buffer {
    const needed = this.length + MAX_CONTROL_FRAME_BYTES
    if (this.buffer === null || this.buffer.length < needed) {
      const larger = Buffer.allocUnsafe(needed * 2)
      this.buffer?.copy(larger, 0, 0, this.length)
      this.buffer = larger
    }
    return this.buffer
  }
}
