/** A small implementation of the library in test/protos/library, for tests of REST. */
import { Code, ConnectError, type ConnectRouter, type ServiceImpl } from '@connectrpc/connect'
import type { AppOptions } from '../../server/app.ts'
import type { RestOptions } from '../../server/rpc/protocols/rest/rest-options.ts'
import { LibraryService } from '../gen/library/v1/library_pb.js'
import { type StartedApp, startRoutes } from './demo-server.ts'

/** Echoes what requests contain. */
export const library: Partial<ServiceImpl<typeof LibraryService>> = {
  getShelf: ({ name }) => ({ name, theme: 'history', bookCount: 9_007_199_254_740_993n }),
  listShelves: ({ pageSize, filter }) => ({
    shelves: [{ name: 'shelves/1', theme: filter }],
    nextPageToken: `${pageSize}`,
  }),
  createShelf: ({ shelf, shelfId }) => ({ name: `shelves/${shelfId}`, theme: shelf?.theme ?? '' }),
  deleteShelf: () => ({}),
  mergeShelves: ({ name, otherShelf }) => ({ name, theme: otherShelf }),
  createBook: ({ parent, book, bookId }) => ({
    name: `${parent}/books/${bookId}`,
    title: book?.title ?? '',
    copiesSold: book?.copiesSold ?? 0n,
  }),
  getBook({ name }) {
    if (name.endsWith('/missing')) throw new ConnectError(`${name} is missing`, Code.NotFound)
    return { name, title: 'Emma' }
  },
  getSummary: () => ({ title: 'Emma', summary: 'Short' }),
  listTitles: () => ({ titles: ['Emma', 'Persuasion'] }),
  setLabels: ({ labels }) => ({ labels }),
  downloadBook: ({ name }) => ({ contentType: 'text/plain; charset=utf-8', data: Buffer.from(name) }),
  uploadBook: ({ name, content }) => ({
    name,
    title: content?.contentType ?? '',
    cover: content?.data ?? new Uint8Array(),
  }),
  echoRaw: ({ contentType, data }) => ({ contentType, data }),
  async *streamRaw({ name }) {
    yield { contentType: 'image/png', data: Buffer.from('one,') }
    yield { contentType: 'ignored/type', data: Buffer.from('two') }
    if (name.endsWith('/broken')) throw new ConnectError('broken', Code.Aborted)
  },
  async storeRaw(requests) {
    let title = ''
    let name = ''
    const chunks: Uint8Array[] = []
    for await (const request of requests) {
      name ||= request.name
      title ||= request.content?.contentType ?? ''
      chunks.push(request.content?.data ?? new Uint8Array())
    }
    return { name, title, cover: Buffer.concat(chunks) }
  },
  async *watchShelf({ count, failAfter }) {
    for (let sequence = 1; sequence <= count; sequence++) {
      if (sequence === failAfter) throw new ConnectError('watch failed', Code.Aborted)
      yield { sequence: BigInt(sequence), event: { case: 'removed', value: `book ${sequence}` } }
    }
  },
  async importBooks(requests) {
    const titles: string[] = []
    for await (const { book } of requests) titles.push(book?.title ?? '')
    return { count: titles.length, titles }
  },
  async *discuss(requests) {
    let number = 0
    for await (const { text } of requests) yield { text, number: ++number }
  },
  getFile: ({ path, revision }) => ({ path, revision }),
}

/** What tests change. */
export interface LibraryInit {
  readonly implementation?: Partial<ServiceImpl<typeof LibraryService>>
  readonly rest?: RestOptions
  readonly options?: Partial<AppOptions>
}

/** Starts a port that answers REST. */
export function startLibrary({ implementation = {}, rest = {}, options }: LibraryInit = {}): Promise<StartedApp> {
  return startRoutes({
    lane: 'native',
    rest,
    routes: (router: ConnectRouter) => router.service(LibraryService, { ...library, ...implementation }),
    ...options,
  })
}
