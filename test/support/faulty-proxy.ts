/** A TCP proxy to a local port that simulates network faults: latency, low bandwidth, cuts, silence. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Settings of one direction, for every connection. */
export interface LinkQuality {
  /** Maximum chunk size in bytes. Default: as received. */
  readonly sliceBytes?: number
  /** The delay of each chunk in milliseconds; with `sliceBytes` it limits the bandwidth. Default 0. */
  readonly delayMs?: number
}

/** How a connection breaks. */
export interface Break {
  /** The direction whose bytes are counted. */
  readonly direction: Direction
  /** Bytes that still pass, counted from `breakAfter` on, over all connections. */
  readonly bytes: number
  /**
   * `reset`: both ends see a reset. `end`: the receiver sees an orderly end, the sender a reset. `silence`: nothing gets
   * through in either direction, without a notification.
   */
  readonly kind: 'reset' | 'end' | 'silence'
  /** Breaks later connections as well, from their first byte, until `mend`. Default false. */
  readonly isLasting?: boolean
}

/** Where octets go. */
export type Direction = 'toServer' | 'toClient'

/** A listening proxy. */
export interface FaultyProxy {
  readonly port: number
  /** How many connections have been opened so far. */
  readonly connections: number
  /** Bytes forwarded so far. */
  readonly passed: Readonly<Record<Direction, number>>
  /** Whether the next break is still pending. */
  readonly isBreakDue: boolean
  /** The next break. */
  breakAfter(next: Break): void
  /** Later connections are unaffected, and no break is pending. */
  mend(): void
  /** Cuts open connections, and settles once the port is free. */
  close(): Promise<void>
}

/** Starts a proxy to a local port. The caller closes it. */
export async function startFaultyProxy(
  targetPort: number,
  quality: Partial<Record<Direction, LinkQuality>> = {},
): Promise<FaultyProxy> {
  const network = new Network(targetPort, quality)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => network.join(client))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return network.connections
    },
    passed: network.passed,
    get isBreakDue() {
      return network.isBreakDue
    },
    breakAfter: (next) => network.breakAfter(next),
    mend: () => network.mend(),
    async close() {
      const closed = once(server, 'close')
      server.close()
      network.close()
      await closed
    },
  }
}

/** The two sockets of a connection. */
interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  isSilent: boolean
}

class Network {
  connections = 0
  readonly passed: Record<Direction, number> = { toServer: 0, toClient: 0 }
  readonly #targetPort: number
  readonly #quality: Partial<Record<Direction, LinkQuality>>
  readonly #sockets = new Set<Socket>()
  readonly #closing = new AbortController()
  #next: Break | null = null
  #remaining = 0

  constructor(targetPort: number, quality: Partial<Record<Direction, LinkQuality>>) {
    this.#targetPort = targetPort
    this.#quality = quality
  }

  get isBreakDue(): boolean {
    return this.#next !== null
  }

  join(client: Socket): void {
    this.connections += 1
    const upstream = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const pair: Pair = { client, upstream, isSilent: false }
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      // Without a listener an error would end the process; the reader receives it too.
      socket.on('error', () => {})
    }
    for (const direction of ['toServer', 'toClient'] as const) {
      this.#relay(pair, direction).catch(() => {
        client.destroy()
        upstream.destroy()
      })
    }
  }

  breakAfter(next: Break): void {
    this.#next = next
    this.#remaining = next.bytes
  }

  mend(): void {
    this.#next = null
  }

  close(): void {
    this.#closing.abort()
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Rejects when either side breaks off, so that the other can be reset. Otherwise each direction ends on its own. */
  async #relay(pair: Pair, direction: Direction): Promise<void> {
    const [from, to] = direction === 'toServer' ? [pair.client, pair.upstream] : [pair.upstream, pair.client]
    for await (const chunk of from.iterator({ destroyOnReturn: false })) {
      const { sliceBytes = chunk.byteLength } = this.#quality[direction] ?? {}
      for (let at = 0; at < chunk.byteLength; at += sliceBytes) {
        const isWhole = await this.#pass(pair, direction, chunk.subarray(at, at + sliceBytes))
        if (!isWhole) return
      }
    }
    if (!pair.isSilent) to.end()
  }

  /** Returns whether everything was forwarded. */
  async #pass(pair: Pair, direction: Direction, slice: Buffer): Promise<boolean> {
    const { delayMs = 0 } = this.#quality[direction] ?? {}
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: this.#closing.signal })
    if (pair.isSilent) return false
    const cut = this.#next?.direction === direction ? this.#next : null
    const room = cut === null ? slice.byteLength : Math.min(this.#remaining, slice.byteLength)
    if (cut !== null) this.#remaining -= room
    const to = direction === 'toServer' ? pair.upstream : pair.client
    if (room > 0) await write(to, slice.subarray(0, room))
    this.passed[direction] += room
    if (cut === null || room === slice.byteLength) return true
    if (cut.isLasting !== true) this.#next = null
    this.#break(pair, cut)
    return false
  }

  #break(pair: Pair, { kind, direction }: Break): void {
    const { client, upstream } = pair
    if (kind === 'silence') {
      pair.isSilent = true
      return
    }
    const [from, to] = direction === 'toServer' ? [client, upstream] : [upstream, client]
    from.resetAndDestroy()
    if (kind === 'reset') to.resetAndDestroy()
    else to.end()
  }
}

/** Settles once the kernel has the bytes and the receiver had a turn to poll for them. */
function write(to: Socket, octets: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(octets, (error) => {
      if (error) reject(error)
      else setImmediate(resolve)
    })
  })
}
