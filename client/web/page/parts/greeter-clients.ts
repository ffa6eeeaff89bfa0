/** The clients of the page. */
import type { Client } from '@connectrpc/connect'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createClient, createWebTransport, type WebProtocol } from '../../public.ts'
import { withStreaming } from '../../websocket/public.ts'

/** The base URL of the services: that of the page, so that a proxy can serve both under a path. */
export const BASE_URL = new URL('.', document.baseURI).href

/** The deadline of unary calls. Streams have none. */
export const UNARY_TIMEOUT_MS = 10_000

/** One client per protocol that a browser can speak. */
export const greeterClients: Readonly<Record<WebProtocol, Client<typeof GreeterService>>> = {
  connect: createClient(GreeterService, createWebTransport({ protocol: 'connect', baseUrl: BASE_URL })),
  'grpc-web': createClient(GreeterService, createWebTransport({ protocol: 'grpc-web', baseUrl: BASE_URL })),
}

/** The client of streams that a page sends: fetch cannot carry them, so they are WebSockets. */
export const streamingGreeter: Client<typeof GreeterService> = createClient(
  GreeterService,
  withStreaming(createWebTransport({ baseUrl: BASE_URL }), { baseUrl: BASE_URL }),
)
