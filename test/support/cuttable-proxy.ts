/** A TCP proxy whose connections a test can cut, like a failing network. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A listening proxy. */
export interface CuttableProxy {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** How many connections have been opened so far. */
  readonly connections: number
  /** Cuts every connection, and each new one until `mend` is called. */
  cut(): void
  /** Accepts connections again. */
  mend(): void
  /** Leads new connections to another local port. */
  aim(port: number): void
}

/** Starts a proxy to a local port. It is closed when the running test ends. */
export async function startCuttableProxy(targetPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>()
  let connections = 0
  let isCut = false
  let target = targetPort
  const server = createServer((client) => {
    connections += 1
    if (isCut) return void client.destroy()
    const upstream = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    cutAll()
    await closed
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
    cut() {
      isCut = true
      cutAll()
    },
    mend() {
      isCut = false
    },
    aim(port) {
      target = port
    },
  }
}
