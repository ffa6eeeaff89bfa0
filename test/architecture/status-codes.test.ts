/** The page about status codes says what the code does. */
import { Code, ConnectError } from '@connectrpc/connect'
import { codeFromHttpStatus, codeToHttpStatus, codeToString } from '@connectrpc/connect/protocol-connect'
import { expect, test } from 'vitest'
import { refusePlainly } from '../../server/rpc/exchange/refusal.ts'
import { errorOfHttpStatus } from '../../wire/read-status.ts'
import { readText } from '../support/pages/read-page.ts'
import { tableUnder } from '../support/pages/read-table.ts'

const PAGE = readText('docs/status-codes.md')

test('the table has every code with its names, number and HTTP status', () => {
  const rows = rowsUnder('All codes').map(([grpc, number, connect, status]) => [grpc, number, connect, status])
  const codes = Object.values(Code).filter((code) => typeof code === 'number')
  expect(rows).toEqual(
    codes.map((code) => [grpcName(code), String(code), codeToString(code), String(codeToHttpStatus(code))]),
  )
})

test('the server answers unary calls of Connect with these statuses', () => {
  for (const [, number = '', , status] of rowsUnder('All codes')) {
    const { head } = refusePlainly(new ConnectError('', Number(number)))
    expect(String(head.status)).toBe(status)
  }
})

test('an HTTP status becomes the code of the table, over gRPC and over Connect', () => {
  const rows = new Map(rowsUnder('From HTTP to a code').map(([status = '', code = '']) => [status, code]))
  for (let status = 300; status < 600; status++) {
    const expected = rows.get(String(status)) ?? rows.get('any other')
    expect.soft(grpcName(errorOfHttpStatus(status).code), `gRPC, ${status}`).toBe(expected)
    expect.soft(grpcName(codeFromHttpStatus(status)), `Connect, ${status}`).toBe(expected)
  }
})

/** gRPC spells one name in another way than Connect. */
function grpcName(code: Code): string {
  return code === Code.Canceled ? 'CANCELLED' : codeToString(code).toUpperCase()
}

/** The rows of a table below its header, without the marks of code. */
function rowsUnder(heading: string): readonly string[][] {
  return tableUnder(PAGE.replaceAll('`', ''), heading).slice(1)
}
