import { expect, test } from 'vitest'
import { DynamicTable } from '../../../../../wire/http2/hpack/dynamic-table.ts'
import { headerField } from '../../../../../wire/http2/hpack/header-field.ts'

test('the newest entry is first, through every growth of the ring', () => {
  const table = new DynamicTable()
  for (let count = 1; count <= 120; count++) {
    table.insert(headerField('n', ''))
    table.insert(headerField(`${count % 10}`, ''))
    expect(table.at(0)?.name).toBe(`${count % 10}`)
    expect(table.at(1)?.name).toBe('n')
    expect(table.length).toBe(Math.min(2 * count, 124))
  }
  expect(table.at(124)).toBeUndefined()
})

test('sizes are those of RFC 7541 appendix C.5', () => {
  const table = new DynamicTable()
  table.resize(256)
  table.insert(headerField(':status', '302'))
  table.insert(headerField('cache-control', 'private'))
  table.insert(headerField('date', 'Mon, 21 Oct 2013 20:13:21 GMT'))
  table.insert(headerField('location', 'https://www.example.com'))
  expect(table.size).toBe(222)
  table.insert(headerField(':status', '307'))
  expect(table.size).toBe(222)
  expect(table.at(3)?.name).toBe('cache-control')
})

test('an entry larger than the table empties it', () => {
  const table = new DynamicTable()
  table.resize(100)
  table.insert(headerField('a', 'b'))
  table.insert(headerField('a', 'x'.repeat(68)))
  expect(table).toMatchObject({ length: 0, size: 0 })
})

test('an entry of exactly the size is the only one', () => {
  const table = new DynamicTable()
  table.resize(100)
  table.insert(headerField('a', 'b'))
  table.insert(headerField('a', 'x'.repeat(67)))
  expect(table).toMatchObject({ length: 1, size: 100 })
})

test('a resize evicts the oldest entries, and zero evicts all', () => {
  const table = new DynamicTable()
  for (const name of ['a', 'b', 'c']) table.insert(headerField(name, ''))
  table.resize(70)
  expect([table.at(0)?.name, table.at(1)?.name, table.at(2)]).toEqual(['c', 'b', undefined])
  table.resize(0)
  expect(table).toMatchObject({ length: 0, size: 0 })
  table.insert(headerField('d', ''))
  expect(table.length).toBe(0)
})

test('the generation increases with insertions, including those that do not fit, and with resizes', () => {
  const table = new DynamicTable()
  const seen = [table.generation]
  table.insert(headerField('a', ''))
  seen.push(table.generation)
  table.resize(10)
  seen.push(table.generation)
  table.insert(headerField('a', ''))
  seen.push(table.generation)
  table.at(0)
  expect(new Set(seen).size).toBe(4)
  expect(table.generation).toBe(seen.at(-1))
})
