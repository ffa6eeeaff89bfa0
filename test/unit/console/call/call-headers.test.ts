import { expect, it } from 'vitest'
import { callHeaders } from '../../../../console/app/call/engine/call-headers.ts'

const CREDENTIALS = [['authorization', 'Bearer session']] as const

it('typed headers replace those of the credentials', () => {
  expect([...callHeaders(CREDENTIALS, [['Authorization', 'Bearer typed']])]).toEqual([
    ['authorization', 'Bearer typed'],
  ])
})

it('the empty header of a saved call leaves the credentials as they are', () => {
  expect([...callHeaders(CREDENTIALS, [['authorization', '']])]).toEqual(CREDENTIALS)
})

it('other headers go along, also empty ones and those with several values', () => {
  const typed = [
    ['x-empty', ''],
    ['x-many', 'a'],
    ['x-many', 'b'],
  ] as const
  expect([...callHeaders(CREDENTIALS, typed)]).toEqual([...CREDENTIALS, ['x-empty', ''], ['x-many', 'a, b']])
})
