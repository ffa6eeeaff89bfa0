import { beforeEach, expect, test } from 'vitest'
import type { SavedCall } from '../../../../console/app/contracts/saved-call.ts'
import {
  addCall,
  type Collection,
  duplicateCall,
  moveCall,
  removeCall,
  renameCall,
} from '../../../../console/app/saved/collection.ts'
import {
  addCollection,
  changeCollection,
  clearCollections,
  deleteCollection,
  moveCollection,
  readCollections,
  renameCollection,
} from '../../../../console/app/saved/collections.ts'

const CALL: SavedCall = { method: 'a.B/C', protocol: 'connect', headers: [], messages: [] }

beforeEach(() => clearCollections())

async function names(): Promise<string[]> {
  return (await readCollections()).map(({ name }) => name)
}

function three(): Collection {
  return ['a', 'b', 'c'].reduce((collection, name) => addCall(collection, name, CALL), {
    name: 'x',
    calls: [],
  } as Collection)
}

function idOf(collection: Collection, name: string): string {
  return collection.calls.find((each) => each.name === name)?.id ?? ''
}

const namesOf = ({ calls }: Collection) => calls.map(({ name }) => name)

test('calls are moved, renamed, duplicated and removed', () => {
  const collection = three()
  expect(namesOf(moveCall(collection, idOf(collection, 'a'), 1))).toEqual(['b', 'a', 'c'])
  expect(namesOf(moveCall(collection, idOf(collection, 'c'), -1))).toEqual(['a', 'c', 'b'])
  expect(namesOf(moveCall(collection, idOf(collection, 'a'), -1))).toEqual(['a', 'b', 'c'])
  expect(namesOf(moveCall(collection, idOf(collection, 'c'), 1))).toEqual(['a', 'b', 'c'])
  expect(namesOf(renameCall(collection, idOf(collection, 'b'), ' new '))).toEqual(['a', 'new', 'c'])
  expect(namesOf(removeCall(collection, idOf(collection, 'b')))).toEqual(['a', 'c'])
  const doubled = duplicateCall(collection, idOf(collection, 'b'))
  expect(namesOf(doubled)).toEqual(['a', 'b', 'b copy', 'c'])
  expect(new Set(doubled.calls.map(({ id }) => id)).size).toBe(4)
})

test.each(['', '  ', 'x'.repeat(201)])('%j is no name', async (name) => {
  expect(() => addCall(three(), name, CALL)).toThrow('a name')
  await expect(addCollection({ name, calls: [] })).rejects.toThrow('a name')
})

test('collections are kept in the order of the user', async () => {
  const [one = '', two = ''] = [
    await addCollection({ name: '1', calls: [] }),
    await addCollection({ name: '2', calls: [] }),
  ]
  const three = await addCollection({ name: '3', calls: [] })
  await moveCollection(three, -1)
  expect(await names()).toEqual(['1', '3', '2'])
  await moveCollection(one, -1)
  await moveCollection(one, 1)
  expect(await names()).toEqual(['3', '1', '2'])
  await renameCollection(two, 'two')
  await deleteCollection(one)
  expect(await names()).toEqual(['3', 'two'])
})

test('a change that fails changes nothing', async () => {
  const id = await addCollection({ name: 'a', calls: [] })
  await expect(renameCollection(id, '')).rejects.toThrow('a name cannot be empty')
  expect(await names()).toEqual(['a'])
  await changeCollection('gone', () => three())
  expect(await names()).toEqual(['a'])
})
