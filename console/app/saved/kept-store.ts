/**
 * What the browser keeps of this page, in IndexedDB: records by key, each written on its own, so that two tabs do not lose what the other
 * has written. Where the browser blocks storage, records last as long as the page.
 */
import { type Signal, signal } from '@preact/signals'

/** A record with its key. */
export type KeptRecord = readonly [key: string, record: unknown]

/** Records of one kind, by their keys. */
export interface KeptStore {
  /** Grows with each change, of other tabs too. Whoever shows records reads them again then. */
  readonly version: Signal<number>
  keys(): Promise<readonly string[]>
  entries(): Promise<readonly KeptRecord[]>
  /** Writes all records, or none. */
  set(records: readonly KeptRecord[]): Promise<void>
  /** Replaces a record by what `change` makes of it, with no other write in between; undefined removes it. */
  update(key: string, change: (record: unknown) => unknown): Promise<void>
  delete(keys: readonly string[]): Promise<void>
  clear(): Promise<void>
}

/** Why nothing, or nothing more, is kept. Null if all is well. */
export const storageFault = signal<string | null>(null)

const BLOCKED = 'This browser blocks storage for this page: history and collections are lost when you close it.'
const FULL = 'The browser could not store the last change: free some space, or delete history.'

/** Pages of several servers may share an origin. */
const SCOPE = `portico-console:${'location' in globalThis ? new URL(String(Reflect.get(globalThis, 'location'))).pathname : ''}`

/** Opens the records of a kind. */
export function openKeptStore(kind: string): KeptStore {
  const version = signal(0)
  const channel = openChannel(`${SCOPE}:${kind}`)
  channel?.addEventListener('message', () => {
    version.value += 1
  })
  let opening: Promise<Records> | undefined
  function records(): Promise<Records> {
    opening ??= openRecords(`${SCOPE}:${kind}`)
    return opening
  }
  async function write(act: (records: Records) => Promise<void>): Promise<void> {
    try {
      await act(await records())
    } catch {
      storageFault.value ??= FULL
    }
    version.value += 1
    channel?.postMessage(null)
  }
  return {
    version,
    keys: async () => (await records()).keys(),
    entries: async () => (await records()).entries(),
    set: (added) => write((store) => store.set(added)),
    update: (key, change) => write((store) => store.update(key, change)),
    delete: (keys) => write((store) => store.delete(keys)),
    clear: () => write((store) => store.clear()),
  }
}

type Records = Omit<KeptStore, 'version'>

async function openRecords(name: string): Promise<Records> {
  try {
    return await openIndexedDb(name)
  } catch {
    storageFault.value = BLOCKED
    return openMemory()
  }
}

async function openIndexedDb(name: string): Promise<Records> {
  const idb = await import('idb-keyval')
  const store = idb.createStore(name, 'records')
  // Opens the database, which fails where storage is blocked.
  await idb.keys(store)
  return {
    keys: () => idb.keys<string>(store),
    entries: () => idb.entries<string, unknown>(store),
    set: (added) =>
      idb.setMany(
        added.map(([key, record]): [string, unknown] => [key, record]),
        store,
      ),
    update: async (key, change) => {
      let isRemoved = false
      await idb.update(
        key,
        (record) => {
          const changed = change(record)
          isRemoved = changed === undefined
          return changed
        },
        store,
      )
      if (isRemoved) await idb.del(key, store)
    },
    delete: (keys) => idb.delMany([...keys], store),
    clear: () => idb.clear(store),
  }
}

function openMemory(): Records {
  const records = new Map<string, unknown>()
  return {
    keys: async () => [...records.keys()],
    entries: async () => [...records],
    set: async (added) => {
      for (const [key, record] of added) records.set(key, record)
    },
    update: async (key, change) => {
      const changed = change(records.get(key))
      if (changed === undefined) records.delete(key)
      else records.set(key, changed)
    },
    delete: async (keys) => {
      for (const key of keys) records.delete(key)
    },
    clear: async () => records.clear(),
  }
}

function openChannel(name: string): BroadcastChannel | undefined {
  return 'document' in globalThis ? new BroadcastChannel(name) : undefined
}
