/** A complete server, as a user of the package writes it. It prints its port, and serves until it is killed. */
import type { AddressInfo } from 'node:net'
import type { ConnectRouter } from '@connectrpc/connect'
import { fastify } from 'fastify'
import { onePort, type PorticoOptions, portico } from 'portico/server'
import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

const options: PorticoOptions = {
  reflection: true,
  routes: (router: ConnectRouter) =>
    router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
}
const app = fastify({ ...onePort() })
await app.register(portico, options)
app.get('/about', async () => ({ ok: true }))
await app.listen({ host: '127.0.0.1', port: 0 })
const { port } = app.server.address() as AddressInfo
process.stdout.write(`port ${port}\n`)
process.once('SIGTERM', () => void app.close())
