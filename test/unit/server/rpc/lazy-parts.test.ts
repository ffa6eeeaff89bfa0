import { expect, test, vi } from 'vitest'
import { LazyParts } from '../../../../server/rpc/lazy-parts.ts'

const read = vi.fn(({ city }: { readonly city: string }) => city)
const parts = new LazyParts({ city: read })

function create(city: string): { readonly name: string; readonly city: string } {
  read.mockClear()
  return parts.addTo({ name: 'Ada', city: undefined } as unknown as { name: string; city: string }, { city })
}

test('a part is read on access, from the source of its object', () => {
  const [first, second] = [create('Rome'), create('Oslo')]
  expect(read).not.toHaveBeenCalled()
  expect([first.city, second.city]).toEqual(['Rome', 'Oslo'])
})

test('an object can be spread, compared, inherited from and wrapped, as a plain one', () => {
  const object = create('Rome')
  expect(Object.keys(object)).toEqual(['name', 'city'])
  expect({ ...object }).toEqual({ name: 'Ada', city: 'Rome' })
  expect(object).toEqual({ name: 'Ada', city: 'Rome' })
  expect(Object.create(object).city).toBe('Rome')
  expect(new Proxy(object, {}).city).toBe('Rome')
})
