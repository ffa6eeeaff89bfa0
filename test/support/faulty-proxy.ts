/** A TCP proxy before a port of this machine that does to connections what networks do: late, slow, cut, or silent. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How one direction is, of every connection. */
export interface LinkQuality {
  /** Octets that are passed on at once. Default: as they come. */
  readonly sliceBytes?: number
  /** How long each slice is held, in milliseconds: with `sliceBytes` a limit of the bandwidth. Default 0. */
  readonly delayMs?: number
}

/** What ends a connection. */
export interface Break {
  /** The direction whose octets are counted. */
  readonly direction: Direction
  /** How many of them still get through, counted from `breakAfter` on, over all connections. */
  readonly bytes: number
  /**
   * `reset`: both ends see a reset. `end`: the receiver sees an orderly end, the sender a reset. `silence`: nothing gets
   * through any more in either direction, and nobody is told.
   */
  readonly kind: 'reset' | 'end' | 'silence'
  /** Also what becomes of every later connection, from its first octet on, until `mend`. Default false. */
  readonly isLasting?: boolean
}

/** Where octets go. */
export type Direction = 'toServer' | 'toClient'

/** A proxy that listens. */
export interface FaultyProxy {
  readonly port: number
  /** How many connections have been opened so far. */
  readonly connections: number
  /** Octets that went through so far. */
  readonly passed: Readonly<Record<Direction, number>>
  /** Whether the next break is still to come. */
  readonly isBreakDue: boolean
  /** The next break. */
  breakAfter(next: Break): void
  /** Later connections are fine, and no break is due. */
  mend(): void
  /** Cuts what is open, and settles once the port is free. */
  close(): Promise<void>
}

/** Starts it before a port of this machine. Who starts it closes it. */
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
      // Without a listener an error would end the process; whoever reads learns of it too.
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

  /** Rejects when either side breaks off: then the other has to learn of it. One direction goes on when the other has ended. */
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

  /** Tells whether all got through. */
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

/** Settles once the octets are with the kernel and whoever polls for them had a turn. */
function write(to: Socket, octets: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(octets, (error) => {
      if (error) reject(error)
      else setImmediate(resolve)
    })
  })
}
