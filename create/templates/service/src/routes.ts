import type { ConnectRouter } from '@connectrpc/connect'
import { GuestbookService } from '../gen/my_service/v1/guestbook_pb.js'
import { createGuestbookService } from './guestbook-service.ts'

/** Registers the services. The server and the tests share it. */
export function routes(router: ConnectRouter): void {
  router.service(GuestbookService, createGuestbookService())
}
