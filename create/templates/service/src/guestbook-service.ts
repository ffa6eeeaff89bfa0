import { timestampFromDate } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { GuestbookService } from '../gen/my_service/v1/guestbook_pb.js'
import { Guestbook, type GuestbookEntry } from './guestbook.ts'

const MAX_AUTHOR_LENGTH = 80
const MAX_TEXT_LENGTH = 1_000

/**
 * Implements the service: checks what comes in, and translates between messages and entries.
 *
 * @param draining aborts when the server begins to drain: a stream without an end would hold that up, so watches end then
 */
export function createGuestbookService(draining: AbortSignal): ServiceImpl<typeof GuestbookService> {
  const guestbook = new Guestbook()

  function sign({ author, text }: { author: string; text: string }) {
    checkLength('author', author, MAX_AUTHOR_LENGTH)
    checkLength('text', text, MAX_TEXT_LENGTH)
    return toMessage(guestbook.sign(author, text))
  }

  return {
    sign: (request) => ({ entry: sign(request) }),

    async *watch({ afterId, limit }, { signal }) {
      let sent = 0
      for await (const entry of guestbook.watch(afterId, AbortSignal.any([signal, draining]))) {
        yield { entry: toMessage(entry) }
        sent += 1
        if (sent === limit) return
      }
    },

    async import(requests) {
      let count = 0
      for await (const request of requests) {
        sign(request)
        count += 1
      }
      return { count }
    },

    async *signEach(requests) {
      for await (const request of requests) yield { entry: sign(request) }
    },
  }
}

function checkLength(field: string, value: string, max: number): void {
  if (value.length >= 1 && value.length <= max) return
  throw new ConnectError(`${field} must have 1 to ${max} characters`, Code.InvalidArgument)
}

function toMessage({ signedAt, ...entry }: GuestbookEntry) {
  return { ...entry, signedAt: timestampFromDate(signedAt) }
}
