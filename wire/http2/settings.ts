/** The settings of a peer, their ranges and initial values (RFC 9113, section 6.5.2). */
import { ConnectionError, ErrorCode } from './errors.ts'
import { DEFAULT_MAX_FRAME_SIZE, DEFAULT_WINDOW, LARGEST_FRAME_SIZE, MAX_31_BIT } from './frame.ts'

/** The settings that this implementation knows. All others are ignored. */
export const SettingId = Object.freeze({
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
  /** RFC 8441. Only sent by us, as a server. */
  ENABLE_CONNECT_PROTOCOL: 0x8,
})

/** Octets per entry of a SETTINGS frame. */
export const SETTING_BYTES = 6

/** The current settings of the peer. Only the session writes them. */
export interface PeerSettings {
  /** Maximum table size of the peer's decoder, in octets. */
  headerTableSize: number
  /** Maximum of open streams that the peer allows us. */
  maxConcurrentStreams: number
  /** The initial send window of streams. */
  initialWindow: number
  /** The largest payload that the peer accepts. */
  maxFrameSize: number
  /** The largest header list that the peer accepts, in octets as RFC 9113 counts them. */
  maxHeaderListSize: number
}

/** Returns the settings before the peer's first SETTINGS frame. */
export function initialPeerSettings(): PeerSettings {
  return {
    headerTableSize: 4_096,
    maxConcurrentStreams: Number.POSITIVE_INFINITY,
    initialWindow: DEFAULT_WINDOW,
    maxFrameSize: DEFAULT_MAX_FRAME_SIZE,
    maxHeaderListSize: Number.POSITIVE_INFINITY,
  }
}

/** Applies one entry. Throws the {@link ConnectionError} that RFC 9113 requires for a value out of range. */
export function applySetting(settings: PeerSettings, id: number, value: number, isFromServer: boolean): void {
  switch (id) {
    case SettingId.HEADER_TABLE_SIZE:
      settings.headerTableSize = value
      break
    case SettingId.ENABLE_PUSH:
      if (value > (isFromServer ? 0 : 1)) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'bad ENABLE_PUSH')
      break
    case SettingId.MAX_CONCURRENT_STREAMS:
      settings.maxConcurrentStreams = value
      break
    case SettingId.INITIAL_WINDOW_SIZE:
      if (value > MAX_31_BIT) throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, 'bad INITIAL_WINDOW_SIZE')
      settings.initialWindow = value
      break
    case SettingId.MAX_FRAME_SIZE:
      if (value < DEFAULT_MAX_FRAME_SIZE || value > LARGEST_FRAME_SIZE) {
        throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, 'bad MAX_FRAME_SIZE')
      }
      settings.maxFrameSize = value
      break
    case SettingId.MAX_HEADER_LIST_SIZE:
      settings.maxHeaderListSize = value
      break
  }
}
