/** The official negative tests of HTTP/2 clients. The interop checks run another client against the same server. */
import { test } from 'vitest'
import { http2NegativeChecks } from '../interop/http2-negative.ts'

for (const { name, run } of http2NegativeChecks()) test(name, run)
