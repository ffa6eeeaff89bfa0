/** The file with history and collections, by which they get from one browser to another. */

import { type Collection, readCollection } from './collection.ts'
import { addCollection, changeCollection, readCollections, replaceCollections } from './collections.ts'
import { addEntries, type HistoryEntry, readEntry, readHistory, replaceEntries } from './history.ts'
import { assertStored } from './kept-store.ts'
import { readList, readObject, SavedDataError } from './read-saved-call.ts'

/** What a file holds. */
export interface Exchanged {
  readonly history: readonly Omit<HistoryEntry, 'id'>[]
  readonly collections: readonly Collection[]
}

/** Larger files are refused. */
export const MAX_FILE_BYTES = 20 * 1024 * 1024

const FORMAT = 'portico-console'
const VERSION = 1
const MAX_PARTS = 10_000

/** Writes the file. */
export function writeExchange({ history, collections }: Exchanged): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, collections, history }, null, 2)}\n`
}

/**
 * Reads a file, and checks all of its parts.
 *
 * @throws SavedDataError naming the part that is wrong
 */
export function readExchange(text: string): Exchanged {
  const { format, version, history, collections } = readObject(parse(text), 'the file')
  if (format !== FORMAT) throw new SavedDataError('the file is not an export of this console')
  if (version !== VERSION)
    throw new SavedDataError(`the file has version ${String(version)}, and this page reads ${VERSION}`)
  return {
    history: readList(history ?? [], 'history', MAX_PARTS).map((each, index) => readEntry(each, `history[${index}]`)),
    collections: readList(collections ?? [], 'collections', MAX_PARTS).map((each, index) =>
      readCollection(each, `collections[${index}]`),
    ),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SavedDataError(`the file is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

/** Returns all that the browser keeps. */
export async function exportAll(): Promise<Exchanged> {
  const [history, collections] = [await readHistory(), await readCollections()]
  return {
    history: history.map(({ id: _, ...entry }) => entry),
    collections: collections.map(({ name, calls }) => ({ name, calls })),
  }
}

/**
 * Keeps what a file holds: beside what is there, or in its place. What is there already is not added twice.
 *
 * @throws SavedDataError if there is too much of it, or the browser does not store it
 */
export async function importAll({ history, collections }: Exchanged, how: 'merge' | 'replace'): Promise<void> {
  if (how === 'replace') {
    await replaceCollections(collections)
    return assertStored(await replaceEntries(history))
  }
  const known = new Set((await readHistory()).map(keyOf))
  assertStored(await addEntries(history.filter((entry) => !known.has(keyOf(entry)))))
  for (const collection of collections) await mergeCollection(collection)
}

function keyOf({ startedAtMs, call }: Omit<HistoryEntry, 'id'>): string {
  return JSON.stringify([startedAtMs, call])
}

async function mergeCollection(collection: Collection): Promise<void> {
  const same = (await readCollections()).find(({ name }) => name === collection.name)
  if (same === undefined) {
    await addCollection(collection)
    return
  }
  await changeCollection(same.id, ({ name, calls }) => {
    const known = new Set(calls.map((each) => JSON.stringify([each.name, each.call])))
    const ids = new Set(calls.map(({ id }) => id))
    const added = collection.calls.filter((each) => !known.has(JSON.stringify([each.name, each.call])))
    return readCollection(
      { name, calls: [...calls, ...added.map((each) => (ids.has(each.id) ? { ...each, id: '' } : each))] },
      name,
    )
  })
}
