import { Code, ConnectError, createContextValues, type HandlerContext } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { checkBinaryMetadata } from '../../../../server/reference/metadata-gate.ts'

function contextWith(header: Record<string, string>): HandlerContext {
  const requestHeader = new Headers(header)
  return { requestHeader, values: createContextValues() } as Partial<HandlerContext> as HandlerContext
}

test.each(['', 'AA', 'AAA', 'AAA=', 'AA==', 'AAAA', '-_-_', '+/+/', 'AA==,AAAA', 'AA, AAA'])(
  '"%s" is base64',
  (value) => {
    expect(() => checkBinaryMetadata(contextWith({ 'x-bin': value }))).not.toThrow()
  },
)

test.each(['A', '%', 'AA=', 'A===', 'AAAA,%', 'AA AA'])('"%s" is not, and the header is named', (value) => {
  const check = () => checkBinaryMetadata(contextWith({ 'x-bin': value, other: '%' }))
  expect(check).toThrow(expect.objectContaining({ code: Code.InvalidArgument }))
  expect(check).toThrow(ConnectError)
  expect(check).toThrow(/^\[invalid_argument\] x-bin:/)
})
