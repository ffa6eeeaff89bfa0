/** `channel ADDRESS --watch`: shows the states of a channel as they change. */
import { EventEmitter, on } from 'node:events'
import { escapeJsonControls, printable } from '../../../../wire/text/escape-controls.ts'
import type { ChannelChange } from '../../channelz/channel-record.ts'
import { addressText } from '../../contracts/endpoint.ts'
import type { OpenChannel } from '../../open-channel.ts'
import { type Io, writeLine } from '../terminal/io.ts'
import { channelReport } from './channel-report.ts'

/** The channel to watch. */
export type WatchedChannel = Pick<OpenChannel, 'channel' | 'inspect'>

/** How changes are shown. */
export interface WatchOptions {
  readonly io: Io
  /** One object per change; otherwise one line of text, or on a terminal the whole report redrawn. */
  readonly isJson: boolean
}

/** Moves the cursor home and clears the screen. */
const CLEAR = '\u001b[H\u001b[2J'

/** Connects, reconnects whenever the connection is lost, and returns when interrupted. */
export async function watchChannel(opened: WatchedChannel, { io, isJson }: WatchOptions): Promise<void> {
  const { channel } = opened
  const changes = new EventEmitter()
  const stopWatching = channel.record.watch((change) => changes.emit('change', change))
  try {
    const coming = on(changes, 'change', { signal: io.signal })
    channel.connect()
    for await (const [change] of coming) {
      await writeLine(io.stdout, isJson || !io.stdout.isTTY ? lineOf(change, isJson) : screenOf(opened))
      if (channel.getState() === 'IDLE') channel.connect()
    }
  } catch (error) {
    if (!io.signal.aborted) throw error
  } finally {
    stopWatching()
  }
}

function lineOf({ at, address, state, error }: ChannelChange, isJson: boolean): string {
  const place = address && addressText(address)
  const reason = error?.rawMessage ?? null
  if (isJson) return escapeJsonControls(JSON.stringify({ at: at.toISOString(), address: place, state, error: reason }))
  return printable(`${at.toISOString()} ${place ?? 'channel'} ${reason === null ? state : `${state}: ${reason}`}`)
}

function screenOf({ inspect }: WatchedChannel): string {
  return `${CLEAR}${channelReport(inspect()).join('\n')}`
}
