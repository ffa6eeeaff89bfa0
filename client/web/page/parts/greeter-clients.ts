/** The page's own clients. */
import type { Client } from '@connectrpc/connect'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createClient, createWebTransport, type WebProtocol } from '../../public.ts'

/** Where the services are: beside the page, so that both can stand under a path of a proxy. */
export const BASE_URL = new URL('.', document.baseURI).href

/** After this the page stops waiting for the answer to a single request. Streams have no such limit. */
export const UNARY_TIMEOUT_MS = 10_000

/** A client for each protocol that a browser speaks. */
export const greeterClients: Readonly<Record<WebProtocol, Client<typeof GreeterService>>> = {
  connect: createClient(GreeterService, createWebTransport({ protocol: 'connect', baseUrl: BASE_URL })),
  'grpc-web': createClient(GreeterService, createWebTransport({ protocol: 'grpc-web', baseUrl: BASE_URL })),
}
