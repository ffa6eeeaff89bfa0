/** The collections that the browser keeps. */
import { type Collection, checkName, moved, readCollection } from './collection.ts'
import { assertStored, openKeptStore } from './kept-store.ts'
import { randomId } from './random-id.ts'
import { readNumber, readObject, SavedDataError } from './read-saved-call.ts'

/** A collection as it is kept. */
export interface KeptCollection extends Collection {
  readonly id: string
  /** Its place among the others. */
  readonly order: number
}

const MAX_COLLECTIONS = 200

const store = openKeptStore('collections')

/** Grows with each change. */
export const collectionsVersion = store.version

/** Returns all collections in their order. */
export async function readCollections(): Promise<readonly KeptCollection[]> {
  const entries = await store.entries()
  const kept = entries.flatMap(([id, record]) => readKept(id, record))
  return kept.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1))
}

/**
 * Adds a collection after the others, and returns its id.
 *
 * @throws SavedDataError if the name is not one, there are too many, or the browser does not store it
 */
export async function addCollection({ name, calls }: Collection): Promise<string> {
  const others = await readCollections()
  if (others.length >= MAX_COLLECTIONS) throw tooMany()
  const id = randomId()
  assertStored(await store.set([[id, { name: checkName(name), calls, order: (others.at(-1)?.order ?? 0) + 1 }]]))
  return id
}

/**
 * Keeps these collections in place of all others.
 *
 * @throws SavedDataError if they are too many, or the browser does not store them; the others are still there then
 */
export async function replaceCollections(collections: readonly Collection[]): Promise<void> {
  if (collections.length > MAX_COLLECTIONS) throw tooMany()
  const records = collections.map(({ name, calls }, order) => [randomId(), { name, calls, order }] as const)
  assertStored(await store.replace(records))
}

/**
 * Changes a collection. Other tabs change nothing in between. Does nothing if another tab has deleted it.
 *
 * @throws what `change` throws
 * @throws SavedDataError if the browser does not store it
 */
export async function changeCollection(id: string, change: (collection: Collection) => Collection): Promise<void> {
  let fault: unknown
  const isStored = await store.update(id, (record) => {
    const [kept] = readKept(id, record)
    if (kept === undefined) return record
    try {
      return { ...change({ name: kept.name, calls: kept.calls }), order: kept.order }
    } catch (error) {
      fault = error
      return record
    }
  })
  if (fault !== undefined) throw fault
  assertStored(isStored)
}

/** Renames a collection. */
export async function renameCollection(id: string, name: string): Promise<void> {
  await changeCollection(id, ({ calls }) => ({ name: checkName(name), calls }))
}

/** Moves a collection up or down. */
export async function moveCollection(id: string, step: -1 | 1): Promise<void> {
  const before = await readCollections()
  const after = moved(before, (each) => each.id === id, step)
  for (const [index, each] of after.entries()) {
    if (each.order === index) continue
    await store.update(each.id, (record) =>
      record === undefined ? undefined : { ...readObject(record, ''), order: index },
    )
  }
}

/** Deletes a collection. */
export async function deleteCollection(id: string): Promise<void> {
  await store.delete([id])
}

/** Deletes all. */
export async function clearCollections(): Promise<void> {
  await store.clear()
}

function tooMany(): SavedDataError {
  return new SavedDataError(`there can be up to ${MAX_COLLECTIONS} collections`)
}

/** Other versions of the page may have kept records that this one cannot read. */
function readKept(id: string, record: unknown): KeptCollection[] {
  try {
    const order = readNumber(readObject(record, 'record').order, 'order', Number.MAX_SAFE_INTEGER)
    return [{ ...readCollection(record, 'record'), id, order }]
  } catch {
    return []
  }
}
