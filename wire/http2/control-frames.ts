/** Handles frames without messages: SETTINGS, PING, GOAWAY, WINDOW_UPDATE, RST_STREAM, PRIORITY and PUSH_PROMISE. */
import type { Buffer } from 'node:buffer'
import { ClosedState } from './closed-streams.ts'
import { EarlyResets } from './early-resets.ts'
import { ConnectionError, ErrorCode } from './errors.ts'
import { TOO_MANY_PINGS } from './flood-guard.ts'
import {
  checkConnection,
  checkDependency,
  checkLength,
  checkStream,
  checkWindow,
  FrameFlag,
  FrameType,
  MAX_31_BIT,
} from './frame.ts'
import { PingStrikes } from './ping-strikes.ts'
import type { SessionParts } from './session-parts.ts'
import type { SessionState } from './session-state.ts'
import { applySetting, SETTING_BYTES, SettingId } from './settings.ts'
import type { StreamState } from './stream-state.ts'

/** Maximum of entries in a SETTINGS frame. RFC 9113 defines six. */
const MAX_SETTINGS_PER_FRAME = 32

/** Maximum octets of a GOAWAY's debug data that the owner receives. */
const MAX_DEBUG_BYTES = 256

/** Checks each frame and applies it. */
export class ControlFrames {
  private readonly state: SessionState
  private readonly parts: SessionParts
  private readonly earlyResets: EarlyResets
  /** The last stream id of the peer's GOAWAY, which may only decrease. */
  private goawayLastId = MAX_31_BIT
  /** Null if the peer may ping as often as the flood budget allows. */
  private readonly pingStrikes: PingStrikes | null

  constructor(parts: SessionParts) {
    this.state = parts.state
    this.parts = parts
    this.earlyResets = new EarlyResets(parts.state)
    const { pingPolicy } = parts.state.options
    this.pingStrikes = pingPolicy === undefined ? null : new PingStrikes(pingPolicy)
  }

  onFrame(type: number, flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    switch (type) {
      case FrameType.WINDOW_UPDATE:
        this.onWindowUpdate(streamId, buffer, start, end)
        break
      case FrameType.RST_STREAM:
        this.onReset(streamId, buffer, start, end)
        break
      case FrameType.PING:
        this.onPing(flags, streamId, buffer, start, end)
        break
      case FrameType.SETTINGS:
        this.onSettings(flags, streamId, buffer, start, end)
        break
      case FrameType.GOAWAY:
        this.onGoaway(streamId, buffer, start, end)
        break
      case FrameType.PRIORITY:
        this.onPriority(streamId, buffer, start, end)
        break
      case FrameType.PUSH_PROMISE:
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'PUSH_PROMISE')
    }
  }

  private onWindowUpdate(streamId: number, buffer: Buffer, start: number, end: number): void {
    const { state } = this
    const { outbox } = this.parts
    checkLength(end - start, 4)
    const increment = buffer.readUInt32BE(start) & MAX_31_BIT
    if (increment === 0) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'WINDOW_UPDATE of 0')
    state.floods.countWindowUpdate(state.nowMs)
    if (streamId === 0) {
      outbox.connectionWindow += increment
      checkWindow(outbox.connectionWindow)
      outbox.schedule()
      return
    }
    const stream = state.streams.get(streamId)
    if (stream === undefined) {
      this.checkNotIdle(streamId)
      return
    }
    stream.sendCredit += increment
    this.checkStreamWindow(stream)
    state.largestSendCredit = Math.max(state.largestSendCredit, stream.sendCredit)
    outbox.unblock(stream)
  }

  /** RFC 9113 (section 6.9.1) requires a reset of the stream. No honest peer does this, so the connection ends as well. */
  private checkStreamWindow(stream: StreamState): void {
    const { outbox, lifecycle } = this.parts
    if (outbox.windowOf(stream) <= MAX_31_BIT) return
    lifecycle.fail(stream, ErrorCode.FLOW_CONTROL_ERROR, 'window above 2^31-1')
    throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'window above 2^31-1')
  }

  private onReset(streamId: number, buffer: Buffer, start: number, end: number): void {
    const { state } = this
    const { lifecycle } = this.parts
    checkLength(end - start, 4)
    checkStream(streamId)
    const stream = state.streams.get(streamId)
    if (stream === undefined) {
      if (this.checkNotIdle(streamId) !== ClosedState.FORGOTTEN) {
        lifecycle.closed.close(streamId, ClosedState.PEER_FINISHED)
      }
      return
    }
    state.stats.resetsReceived++
    lifecycle.peerReset(stream, buffer.readUInt32BE(start))
    if (state.isServer) this.earlyResets.onReset(stream)
  }

  private onPing(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    const { state } = this
    const { lifecycle, outbox, pings } = this.parts
    checkConnection(streamId)
    checkLength(end - start, 8)
    if (flags & FrameFlag.ACK) {
      if (!pings.acknowledge(buffer, start)) state.floods.countGlitch(state.nowMs)
      return
    }
    state.floods.countPing(state.nowMs)
    const isAdmitted = this.pingStrikes?.admit(state.nowMs, lifecycle.openStreams > 0, state.stats.framesSent) ?? true
    if (!isAdmitted && (state.serverHandler?.isBoundByPingPolicy?.() ?? true)) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, TOO_MANY_PINGS)
    }
    state.stats.pingsReceived++
    outbox.control.ping(FrameFlag.ACK, buffer, start, true)
    outbox.schedule()
    state.later(() => state.handler.onPing?.(state.session))
  }

  private onSettings(flags: number, streamId: number, buffer: Buffer, start: number, end: number): void {
    const { state } = this
    const { handshake } = this.parts
    checkConnection(streamId)
    if (flags & FrameFlag.ACK) {
      checkLength(end - start, 0)
      handshake.acknowledged()
      return
    }
    const entries = (end - start) / SETTING_BYTES
    if (!Number.isInteger(entries)) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS of odd length')
    if (entries > MAX_SETTINGS_PER_FRAME) throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, 'too many settings')
    state.floods.countSettings(state.nowMs)
    const windowBefore = state.peer.initialWindow
    for (let at = start; at < end; at += SETTING_BYTES) this.takeSetting(buffer, at)
    if (state.peer.initialWindow !== windowBefore) this.onInitialWindow(state.peer.initialWindow > windowBefore)
    handshake.settingsReceived()
  }

  private takeSetting(buffer: Buffer, at: number): void {
    const id = buffer.readUInt16BE(at)
    const value = buffer.readUInt32BE(at + 2)
    applySetting(this.state.peer, id, value, !this.state.isServer)
    if (id === SettingId.HEADER_TABLE_SIZE) this.parts.sender.heads.encoder.setPeerTableSize(value)
  }

  /** Send windows include the setting. After a raise, one may be too large, and blocked streams may go on. */
  private onInitialWindow(isRaised: boolean): void {
    const { peer, streams, largestSendCredit } = this.state
    const { outbox } = this.parts
    if (!isRaised) return
    const mayOverflow = peer.initialWindow + largestSendCredit > MAX_31_BIT
    for (const stream of streams.list()) {
      if (mayOverflow) checkWindow(outbox.windowOf(stream))
      outbox.unblock(stream)
    }
  }

  private onGoaway(streamId: number, buffer: Buffer, start: number, end: number): void {
    checkConnection(streamId)
    if (end - start < 8) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'GOAWAY below 8 octets')
    const lastStreamId = buffer.readUInt32BE(start) & MAX_31_BIT
    if (lastStreamId > this.goawayLastId)
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'GOAWAY raises the last stream id')
    this.goawayLastId = lastStreamId
    const code = buffer.readUInt32BE(start + 4)
    const reason = buffer.toString('latin1', start + 8, Math.min(end, start + 8 + MAX_DEBUG_BYTES))
    this.parts.shutdown.onGoaway({ code, lastStreamId, reason })
  }

  private onPriority(streamId: number, buffer: Buffer, start: number, end: number): void {
    checkStream(streamId)
    checkLength(end - start, 5)
    checkDependency(buffer, start, streamId)
    this.state.floods.countGlitch(this.state.nowMs)
  }

  private checkNotIdle(streamId: number): number {
    const state = this.parts.lifecycle.closedState(streamId)
    if (state === ClosedState.NEVER_OPENED) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'stream is idle')
    if (state === ClosedState.FORGOTTEN) this.state.floods.countGlitch(this.state.nowMs)
    return state
  }
}
