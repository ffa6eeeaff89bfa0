/** The first frames of a connection: our SETTINGS, those of the peer, and its acknowledgement in time. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ConnectionError, ErrorCode } from './errors.ts'
import { PREFACE } from './frame.ts'
import type { Outbox } from './outbox.ts'
import type { ReceiveFlow } from './receive-flow.ts'
import type { SessionState } from './session-state.ts'
import { SettingId } from './settings.ts'
import type { Shutdown } from './shutdown.ts'
import type { WheelTimer } from './timer-wheel.ts'

/** The parts of a session that the handshake uses. */
export interface HandshakeParts {
  readonly outbox: Outbox
  readonly receiveFlow: ReceiveFlow
  readonly shutdown: Shutdown
}

/**
 * We send SETTINGS once, at the start. The time until their acknowledgement is the round-trip time for growing windows. A server limits the
 * time of the handshake; the owner of a client decides how long to wait.
 */
export class Handshake {
  /** Whether the peer's SETTINGS have arrived. */
  isPeerKnown = false
  /** Whether the peer has acknowledged ours, and so knows our limits. */
  isAcknowledged = false
  private readonly state: SessionState
  private readonly parts: HandshakeParts
  private readonly startedAtMs: number
  private readonly timer: WheelTimer

  constructor(state: SessionState, parts: HandshakeParts) {
    this.state = state
    this.parts = parts
    this.startedAtMs = state.nowMs
    this.timer = state.createTimer(() => parts.shutdown.fail(tooSlow()))
  }

  /** Sends our first frames. */
  start(): void {
    const { options, isServer } = this.state
    const { outbox, receiveFlow, shutdown } = this.parts
    if (isServer) this.state.schedule(this.timer, options.handshakeTimeoutMs)
    if (!isServer) outbox.control.raw(PREFACE)
    outbox.control.settings([
      isServer ? [SettingId.MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams] : [SettingId.ENABLE_PUSH, 0],
      [SettingId.INITIAL_WINDOW_SIZE, options.streamWindowBytes],
      [SettingId.MAX_HEADER_LIST_SIZE, options.maxHeaderListBytes],
      ...(isServer && options.allowsConnectProtocol ? ([[SettingId.ENABLE_CONNECT_PROTOCOL, 1]] as const) : []),
    ])
    if (receiveFlow.initialIncrement > 0) outbox.control.windowUpdate(0, receiveFlow.initialIncrement)
    outbox.schedule()
    const fault = securityFault(this.state.socket)
    if (fault !== null) shutdown.fail(new ConnectionError(ErrorCode.INADEQUATE_SECURITY, fault))
  }

  /** Acknowledges a SETTINGS frame that was applied. */
  settingsReceived(): void {
    const { session, handler, peer } = this.state
    const { outbox } = this.parts
    this.isPeerKnown = true
    outbox.control.settingsAck()
    outbox.schedule()
    this.state.later(() => handler.onSettings?.(session, peer))
  }

  /** Handles a SETTINGS ACK, of which one is expected. */
  acknowledged(): void {
    if (this.isAcknowledged) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'SETTINGS ACK for nothing')
    this.isAcknowledged = true
    this.parts.receiveFlow.roundTripMs = this.state.nowMs - this.startedAtMs
    this.state.cancel(this.timer)
  }
}

/** Checks for TLS 1.2 or later and a cipher outside of appendix A (RFC 9113, section 9.2). Null if that holds, or without TLS. */
function securityFault(socket: Socket | TLSSocket): string | null {
  if (!('encrypted' in socket) || socket.destroyed) return null
  const protocol = socket.getProtocol()
  if (protocol === 'TLSv1.3') return null
  const { name } = socket.getCipher()
  const isAdequate = protocol === 'TLSv1.2' && /^(ECDHE|DHE).*(GCM|CHACHA20|CCM)/.test(name)
  return isAdequate ? null : `${protocol} ${name}: HTTP/2 needs an AEAD cipher`
}

function tooSlow(): ConnectionError {
  return new ConnectionError(ErrorCode.SETTINGS_TIMEOUT, 'no SETTINGS, or no ACK of ours')
}
