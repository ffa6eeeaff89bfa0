/**
 * A server and clients in CommonJS, as TypeScript compiles it. What a service needs comes from portico: the types that
 * CommonJS gets from Connect itself are others.
 */
import client = require('portico/client')
import server = require('portico/server')
import web = require('portico/web')
import connect = require('portico/web/connect')
import grpcWeb = require('portico/web/grpc-web')
import websocket = require('portico/web/websocket')
import greeter = require('./gen/greeter/v1/greeter_pb.js')

async function main(): Promise<void> {
  const routes = (router: server.PorticoRouter) =>
    router.service(greeter.GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) })
  const { fastify, drain } = await server.createApp({ routes })
  const baseUrl = await fastify.listen({ host: '127.0.0.1', port: 0 })
  const transport = client.createTransport({ baseUrl })
  const onPages = [
    web.createWebTransport({ baseUrl }),
    connect.createConnectTransport({ baseUrl }),
    grpcWeb.createGrpcWebTransport({ baseUrl }),
    websocket.createWebSocketTransport({ baseUrl }),
  ]
  for (const each of [transport, ...onPages]) {
    const { message } = await client.createClient(greeter.GreeterService, each).sayHello({ name: 'CommonJS' })
    process.stdout.write(`${message}\n`)
  }
  await transport.close()
  await drain()
}

void main()
