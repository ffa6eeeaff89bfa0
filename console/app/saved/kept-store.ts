/**
 * What the browser keeps of this page, in IndexedDB: records by key, each written on its own, so that two tabs do not lose what the other
 * has written. Where the browser blocks storage, records last as long as the page.
 */
import { type Signal, signal } from '@preact/signals'
import { SavedDataError } from './read-saved-call.ts'

/** A record with its key. */
export type KeptRecord = readonly [key: string, record: unknown]

/** Records of one kind, by their keys. */
export interface KeptStore {
  /** Grows with each change, of other tabs too. Whoever shows records reads them again then. */
  readonly version: Signal<number>
  keys(): Promise<readonly string[]>
  entries(): Promise<readonly KeptRecord[]>
  /** Writes all records, or none. This and all other changes resolve with whether the browser has stored them. */
  set(records: readonly KeptRecord[]): Promise<boolean>
  /** Writes these records in place of all others, or changes nothing. */
  replace(records: readonly KeptRecord[]): Promise<boolean>
  /** Replaces a record by what `change` makes of it, with no other write in between; undefined removes it. */
  update(key: string, change: (record: unknown) => unknown): Promise<boolean>
  delete(keys: readonly string[]): Promise<boolean>
  clear(): Promise<boolean>
}

/** Why nothing is kept, or not the last change. Null if all is well. */
export const storageFault = signal<string | null>(null)

const BLOCKED = 'This browser blocks storage for this page: history and collections are lost when you close it.'
const FULL = 'The browser could not store the last change: free some space, or delete history.'
const UNREADABLE = 'The browser could not read what it has stored: reload the page.'

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
  async function write(act: (records: Records) => Promise<void>): Promise<boolean> {
    const isStored = await records()
      .then(act)
      .then(
        () => true,
        () => false,
      )
    if (!isStored) storageFault.value ??= FULL
    else if (storageFault.value === FULL) storageFault.value = null
    version.value += 1
    channel?.postMessage(null)
    return isStored
  }
  return {
    version,
    keys: async () => (await records()).keys(),
    entries: async () => (await records()).entries(),
    set: (added) => write((store) => store.set(added)),
    replace: (all) => write((store) => store.replace(all)),
    update: (key, change) => write((store) => store.update(key, change)),
    delete: (keys) => write((store) => store.delete(keys)),
    clear: () => write((store) => store.clear()),
  }
}

/** @throws SavedDataError if a change has not been stored */
export function assertStored(isStored: boolean): void {
  if (!isStored) throw new SavedDataError('the browser could not store this: free some space, or delete history')
}

/** Says that records cannot be read. */
export function onUnreadable(): void {
  storageFault.value ??= UNREADABLE
}

/** Where records are. What cannot be written rejects. */
interface Records extends Pick<KeptStore, 'keys' | 'entries'> {
  set(records: readonly KeptRecord[]): Promise<void>
  replace(records: readonly KeptRecord[]): Promise<void>
  update(key: string, change: (record: unknown) => unknown): Promise<void>
  delete(keys: readonly string[]): Promise<void>
  clear(): Promise<void>
}

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
    replace: (all) =>
      store('readwrite', (objects) => {
        objects.clear()
        for (const [key, record] of all) objects.put(record, key)
        return idb.promisifyRequest(objects.transaction)
      }),
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
    replace: async (all) => {
      records.clear()
      for (const [key, record] of all) records.set(key, record)
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
