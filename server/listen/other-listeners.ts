/** Listens on the other addresses of a host name, next to the server that listens on the first. */
import type { LookupAddress } from 'node:dns'
import { type AddressInfo, createServer, type Server, type ServerOpts, type Socket } from 'node:net'

/** Opens and closes with its server. */
export class OtherListeners {
  readonly #options: ServerOpts
  readonly #onConnection: (socket: Socket) => void
  readonly #servers = new Set<Server>()
  #onEmpty: (() => void)[] = []

  constructor(options: ServerOpts, onConnection: (socket: Socket) => void) {
    this.#options = options
    this.#onConnection = onConnection
  }

  /** Binds all addresses except `bound`, on the same port. An address that cannot be bound is skipped. */
  listen(addresses: readonly LookupAddress[], bound: AddressInfo): void {
    for (const { address } of addresses) {
      if (address === bound.address) continue
      const server = createServer(this.#options, this.#onConnection)
      this.#servers.add(server)
      server.once('error', () => this.#forget(server))
      server.once('close', () => this.#forget(server))
      server.listen({ host: address, port: bound.port })
    }
  }

  /** The addresses that are bound. */
  get addresses(): AddressInfo[] {
    return [...this.#servers].map((server) => server.address()).filter((address) => isAddressInfo(address))
  }

  /** Stops listening. Open connections are not affected. */
  close(): void {
    for (const server of this.#servers) server.close()
  }

  /** Calls back when all are closed and their connections have ended. */
  whenClosed(call: () => void): void {
    if (this.#servers.size === 0) call()
    else this.#onEmpty.push(call)
  }

  #forget(server: Server): void {
    this.#servers.delete(server)
    if (this.#servers.size > 0) return
    const calls = this.#onEmpty
    this.#onEmpty = []
    for (const call of calls) call()
  }
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
