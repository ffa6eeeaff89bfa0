/** Collections: named groups of calls that the user keeps. Plain data, and what changes it. */
import type { SavedCall } from '../contracts/saved-call.ts'
import { randomId } from './random-id.ts'
import { at, readList, readObject, readSavedCall, readText, SavedDataError } from './read-saved-call.ts'
import { withoutSecrets } from './without-secrets.ts'

/** A call with a name. */
export interface CollectedCall {
  readonly id: string
  readonly name: string
  readonly call: SavedCall
}

/** A named group. */
export interface Collection {
  readonly name: string
  readonly calls: readonly CollectedCall[]
}

const MAX_NAME_LENGTH = 200
const MAX_CALLS = 1_000

/**
 * Adds a call, without its secrets.
 *
 * @throws SavedDataError if the collection is full, or the name is not one
 */
export function addCall({ name: group, calls }: Collection, name: string, call: SavedCall): Collection {
  if (calls.length >= MAX_CALLS) throw new SavedDataError(`a collection holds up to ${MAX_CALLS} calls`)
  return { name: group, calls: [...calls, { id: randomId(), name: checkName(name), call: withoutSecrets(call) }] }
}

/** Renames a call. */
export function renameCall(collection: Collection, id: string, name: string): Collection {
  const checked = checkName(name)
  return { ...collection, calls: collection.calls.map((each) => (each.id === id ? { ...each, name: checked } : each)) }
}

/** Adds a copy of a call right after it. */
export function duplicateCall(collection: Collection, id: string): Collection {
  if (collection.calls.length >= MAX_CALLS) throw new SavedDataError(`a collection holds up to ${MAX_CALLS} calls`)
  const calls = collection.calls.flatMap((each) => {
    const name = `${each.name.slice(0, MAX_NAME_LENGTH - 5)} copy`
    return each.id === id ? [each, { ...each, id: randomId(), name }] : [each]
  })
  return { ...collection, calls }
}

/** Removes a call. */
export function removeCall(collection: Collection, id: string): Collection {
  return { ...collection, calls: collection.calls.filter((each) => each.id !== id) }
}

/** Moves a call up or down. */
export function moveCall(collection: Collection, id: string, step: -1 | 1): Collection {
  return { ...collection, calls: moved(collection.calls, (each) => each.id === id, step) }
}

/** Moves a part of a list by one place; does nothing at its ends. */
export function moved<T>(list: readonly T[], isIt: (part: T) => boolean, step: -1 | 1): readonly T[] {
  const index = list.findIndex(isIt)
  const part = list[index]
  const other = list[index + step]
  if (part === undefined || other === undefined) return list
  return list.with(index, other).with(index + step, part)
}

/**
 * Returns a name without white space around it.
 *
 * @throws SavedDataError if it is empty or too long
 */
export function checkName(name: string): string {
  const trimmed = name.trim()
  if (trimmed === '') throw new SavedDataError('a name cannot be empty')
  if (trimmed.length > MAX_NAME_LENGTH) throw new SavedDataError(`a name has up to ${MAX_NAME_LENGTH} characters`)
  return trimmed
}

/**
 * Reads a collection that comes from a file or from the browser's storage. Its calls get new ids, unless they have some.
 *
 * @throws SavedDataError naming the part that is wrong
 */
export function readCollection(value: unknown, place: string): Collection {
  const { name, calls } = readObject(value, place)
  const read = readList(calls, at(place, 'calls'), MAX_CALLS).map((each, index) =>
    readCollected(each, `${at(place, 'calls')}[${index}]`),
  )
  return { name: readName(name, at(place, 'name')), calls: read.map(withOwnId) }
}

/** People copy calls within a file: what is done to one must not be done to the other. */
function withOwnId(call: CollectedCall, index: number, all: readonly CollectedCall[]): CollectedCall {
  return all.findIndex(({ id }) => id === call.id) === index ? call : { ...call, id: randomId() }
}

function readCollected(value: unknown, place: string): CollectedCall {
  const { id, name, call } = readObject(value, place)
  return {
    id: typeof id === 'string' && /^[\da-f]{16}$/.test(id) ? id : randomId(),
    name: readName(name, at(place, 'name')),
    call: readSavedCall(call, at(place, 'call')),
  }
}

function readName(value: unknown, place: string): string {
  const name = readText(value, place, MAX_NAME_LENGTH).trim()
  if (name === '') throw new SavedDataError(`${place} cannot be empty`)
  return name
}
