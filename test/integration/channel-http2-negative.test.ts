/** The official negative tests of HTTP/2 clients. The run of interoperation shows by another client that their server is right. */
import { test } from 'vitest'
import { http2NegativeChecks } from '../interop/http2-negative.ts'

for (const { name, run } of http2NegativeChecks()) test(name, run)
