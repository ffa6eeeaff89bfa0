/** The servers of this process that channelz shows, and their sockets. */
import type { AddressInfo } from 'node:net'
import { nextChannelzId } from '../../../wire/channelz/channelz-id.ts'
import { type SocketAddress, tlsFacts, toAddress } from '../../../wire/channelz/socket-facts.ts'
import { addressJson, type ShownSocket, socketJson } from '../../../wire/channelz/socket-json.ts'
import { wallTime } from '../../../wire/channelz/wall-time.ts'
import type { PortConnection } from '../../listen/port-connection.ts'
import { type CallCounts, CarriedCalls } from './call-counts.ts'

/** The part of a port that channelz shows. */
export interface ShownPort {
  readonly addresses: readonly (AddressInfo | string)[]
  openConnections(): Iterable<PortConnection>
}

/** A socket of a server. */
export interface ServerSocket {
  readonly id: number
  /** The remote end; the local one of a listening socket. */
  readonly name: string
  readonly isListening: boolean
  /** Returns the current state in the JSON of channelz. */
  toJson(): object
}

/** Ids are given when something first asks for them: a connection that nobody looks at costs nothing. */
const SOCKET_IDS = new WeakMap<object, number>()

const NOTHING = new CarriedCalls()

/** A server. */
export class ServerRecord {
  readonly id = nextChannelzId()
  readonly counts: CallCounts
  readonly #port: ShownPort
  readonly #listeners = new Map<string, object>()

  constructor(port: ShownPort, counts: CallCounts) {
    this.#port = port
    this.counts = counts
  }

  /** Its addresses: `127.0.0.1:8080, [::1]:8080`. */
  get name(): string {
    return this.#port.addresses.map((address) => textOf(addressOf(address))).join(', ')
  }

  /** What it listens on. */
  get listeners(): readonly ServerSocket[] {
    return this.#port.addresses.map((address) => {
      const local = addressOf(address)
      const name = textOf(local)
      const key = this.#listeners.get(name) ?? {}
      this.#listeners.set(name, key)
      const id = idOf(key)
      return {
        id,
        name,
        isListening: true,
        toJson: () => ({ ref: { socketId: id, name }, local: addressJson(local) }),
      }
    })
  }

  /** The open connections, by ascending id. */
  get connections(): readonly ServerSocket[] {
    return Array.from(this.#port.openConnections(), (connection) => this.#socketOf(connection)).sort(
      (a, b) => a.id - b.id,
    )
  }

  /** Finds a listening socket or a connection by its id, which it has since it was first listed. */
  findSocket(id: number): ServerSocket | undefined {
    for (const connection of this.#port.openConnections()) {
      if (SOCKET_IDS.get(connection.socket) === id) return this.#socketOf(connection)
    }
    return this.listeners.find((listener) => listener.id === id)
  }

  #socketOf(connection: PortConnection): ServerSocket {
    const { socket, key } = connection
    const id = idOf(socket)
    const remote = toAddress(socket.remoteAddress, socket.remotePort) ?? { path: '' }
    const ref = { socketId: id, name: textOf(remote) }
    const facts = () => factsOf(connection, remote, this.counts.carriedBy(key))
    return { id, name: ref.name, isListening: false, toJson: () => socketJson(ref, facts(), 'server') }
  }
}

const servers = new Set<ServerRecord>()

/** Shows a server in channelz. Returns a function that removes it. */
export function showServer(server: ServerRecord): () => void {
  servers.add(server)
  return () => servers.delete(server)
}

/** The servers of this process, by ascending id. */
export function shownServers(): readonly ServerRecord[] {
  return [...servers]
}

function idOf(key: object): number {
  const id = SOCKET_IDS.get(key) ?? nextChannelzId()
  SOCKET_IDS.set(key, id)
  return id
}

function factsOf({ socket, session }: PortConnection, remote: SocketAddress, carried = NOTHING): ShownSocket {
  const stats = session?.stats ?? carried
  return {
    local: toAddress(socket.localAddress, socket.localPort),
    remote,
    tls: tlsFacts(socket),
    lastStreamAt: wallTime(performance, stats.lastStreamStartedAtMs),
    windows: session && { send: session.sendWindow, receive: session.receiveWindow },
    stats,
    messages: {
      sent: carried.messagesSent,
      received: carried.messagesReceived,
      lastSentAt: wallTime(performance, carried.lastMessageSentAtMs),
      lastReceivedAt: wallTime(performance, carried.lastMessageReceivedAtMs),
    },
  }
}

function addressOf(address: AddressInfo | string): SocketAddress {
  return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
}

function textOf(address: SocketAddress): string {
  if ('path' in address) return address.path === '' ? 'unix' : `unix:${address.path}`
  const { host, port } = address
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
