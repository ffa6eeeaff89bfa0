/** The first frames of a connection: what we announce, and that the peer does so too and acknowledges ours in time. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ConnectionError, ErrorCode } from './errors.ts'
import { PREFACE } from './frame.ts'
import type { HandshakePart, SessionParts } from './session-parts.ts'
import { SettingId } from './settings.ts'
import { WheelTimer } from './timer-wheel.ts'

/** Our SETTINGS go out once, at the start; the time until their acknowledgement is the round trip that windows grow by. */
export class Handshake implements HandshakePart {
  /** The peer's SETTINGS came. */
  isPeerKnown = false
  /** The peer acknowledged ours, so it knows our limits. */
  isAcknowledged = false
  private readonly session: SessionParts
  private readonly startedAtMs: number
  private readonly timer: WheelTimer

  constructor(session: SessionParts) {
    this.session = session
    this.startedAtMs = session.nowMs
    this.timer = new WheelTimer(() => session.shutdown.fail(tooSlow()))
  }

  /** Says hello, and gives the peer its time to answer. */
  start(): void {
    const { options, sender, isServer, receiveFlow } = this.session
    options.timers.schedule(this.timer, options.handshakeTimeoutMs)
    if (!isServer) sender.control.raw(PREFACE)
    sender.control.settings([
      isServer ? [SettingId.MAX_CONCURRENT_STREAMS, options.maxConcurrentStreams] : [SettingId.ENABLE_PUSH, 0],
      [SettingId.INITIAL_WINDOW_SIZE, options.streamWindowBytes],
      [SettingId.MAX_HEADER_LIST_SIZE, options.maxHeaderListBytes],
    ])
    if (receiveFlow.initialIncrement > 0) sender.control.windowUpdate(0, receiveFlow.initialIncrement)
    sender.schedule()
    const fault = securityFault(this.session.socket)
    if (fault !== null) this.session.shutdown.fail(new ConnectionError(ErrorCode.INADEQUATE_SECURITY, fault))
  }

  /** The session is over. */
  stop(): void {
    this.session.options.timers.cancel(this.timer)
  }

  /** A SETTINGS frame of the peer was taken over; it is acknowledged. */
  settingsReceived(): void {
    const { session } = this
    this.isPeerKnown = true
    session.sender.control.settingsAck()
    session.sender.schedule()
    session.later(() => session.handler.onSettings?.(session, session.peer))
  }

  /** A SETTINGS ACK came: the one that we wait for, or one too many. */
  acknowledged(): void {
    if (this.isAcknowledged) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'SETTINGS ACK for nothing')
    this.isAcknowledged = true
    this.session.receiveFlow.roundTripMs = this.session.nowMs - this.startedAtMs
    this.stop()
  }
}

/** RFC 9113, section 9.2: TLS 1.2 at least, and none of the ciphers of appendix A. Null: nothing is wrong, or it is not TLS. */
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
