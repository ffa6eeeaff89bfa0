import type { ConnectRouter } from '@connectrpc/connect'
import type { FastifyInstance } from 'fastify'
import { GuestbookService } from '../gen/my_service/v1/guestbook_pb.js'
import { createGuestbookService } from './guestbook-service.ts'

const draining = new AbortController()

/** Registers the services. The server and the tests share it. */
export function routes(router: ConnectRouter): void {
  router.service(GuestbookService, createGuestbookService(draining.signal))
}

/** Adds what is not a service: hooks and plugins of Fastify, and ordinary routes. */
export function setup(fastify: FastifyInstance): void {
  fastify.addHook('preClose', async () => draining.abort())
}
