/** Control frames that wait for the next flush; they go ahead of everything else. */
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

/** Holds memory only while something waits. */
export class ControlQueue {
  /** Octets that wait. */
  length = 0
  /** Answers to what the peer sent (acknowledgements, resets) among them: a flood of these must not be buffered. */
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

  /** Octets that are not frames of this list: the client's preface. */
  raw(octets: Buffer): void {
    this.length += octets.copy(this.room(), this.length)
  }

  /** Moves all of it to the output. */
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
