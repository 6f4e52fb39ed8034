// What a relay knows of who comes, beside tokens: an application that is asked, revocations, its own secret, origins.
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { AuthorizeAnswer, AuthorizeQuestion } from '../../server/application.ts'
import { isRefusal } from '../../server/live-grant.ts'
import type { LiveGrant } from '../../server/live-grant.ts'
import { loopbackOrigins, namedOrigins } from '../../server/origins.ts'
import type { SignIn } from '../../server/sign-in.ts'
import type { SignInOptions } from '../../server/sign-in-options.ts'
import { right } from '../../shared/message.ts'
import { encodeRevoked } from '../../shared/relay-records.ts'
import { temporaryFolder } from '../relay-process.ts'
import { everything, keyPairs, keys, SignInPlace, tokenOf } from './sign-in-place.ts'

const write = right.read + right.write
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function placeOnDisk(): Promise<SignInPlace> {
  const place = new SignInPlace()
  place.folder = await temporaryFolder()
  place.isLoopback = false
  folders.push(place.folder)
  return place
}

async function granted(signIn: SignIn, token: string): Promise<LiveGrant> {
  const answer = await signIn.grantOf(token, { 'x-app': 'yes' })
  if (isRefusal(answer)) throw new Error(answer.reason)
  return answer
}

const anasToken = () => tokenOf({ sub: 'ana', jti: 'one', iat: 1_699_999_000, documents: everything })

// The application.

test('[S1] the application is asked about each document, and what it says counts', async () => {
  const asked: AuthorizeQuestion[] = []
  const answers: Record<string, AuthorizeAnswer> = {
    mine: 'write',
    theirs: 'read',
    closed: { refused: 'You are not in this class.' },
  }
  const authorize = async (question: AuthorizeQuestion) => {
    asked.push(question)
    return answers[question.document] ?? 'none'
  }
  const token = await tokenOf({ sub: 'ana', tenant: 'acme', role: 'guest' })
  const grant = await granted(await new SignInPlace().open({ keys, authorize }), token)
  expect(grant.rightsOf('mine')).toBe(undefined)
  expect(await grant.ask('mine')).toBe(undefined)
  expect(await grant.ask('theirs')).toBe(undefined)
  expect(await grant.ask('secret')).toMatchObject({ code: 'forbidden', isPassing: false })
  expect(await grant.ask('closed')).toMatchObject({ reason: 'You are not in this class. (forbidden)' })
  expect(['mine', 'theirs'].map((name) => grant.rightsOf(name))).toEqual([write, right.read])
  expect(asked[0]).toMatchObject({
    token,
    headers: { 'x-app': 'yes' },
    document: 'mine',
    tenant: 'acme',
    subject: 'ana',
    claims: { role: 'guest' },
    rights: 'write',
  })
})

test('[S1] the application never gives more than the token', async () => {
  const asked: string[] = []
  const authorize = ({ document }: AuthorizeQuestion) => {
    asked.push(document)
    return 'write' as const
  }
  const token = await tokenOf({ sub: 'ana', documents: [{ pattern: 'a*', rights: 'read' }] })
  const grant = await granted(await new SignInPlace().open({ keys, authorize }), token)
  await grant.ask('a1')
  await grant.ask('b1')
  expect([grant.rightsOf('a1'), grant.rightsOf('b1')]).toEqual([right.read, 0])
  expect(asked).toEqual(['a1'])
})

test.each([
  ['throws', () => Promise.reject(new Error('no database')), 'application-failed'],
  [
    'throws at once',
    () => {
      throw new Error('no database')
    },
    'application-failed',
  ],
  ['answers with nonsense', () => 'everything' as 'write', 'application-failed'],
  ['answers with nothing', () => undefined as unknown as 'write', 'application-failed'],
  ['never answers', () => new Promise<'write'>(() => undefined), 'application-late'],
])('[S1] an application that %s refuses, counted and reported', async (_, authorize, code) => {
  const place = new SignInPlace()
  const signIn = await place.open({
    keys,
    authorize,
    askMs: 20,
  })
  const grant = await granted(signIn, await tokenOf({ sub: 'ana' }))
  expect(await grant.ask('story')).toMatchObject({ code, isPassing: true })
  expect(grant.rightsOf('story')).toBe(undefined)
  expect(place.refusals).toEqual([code])
  expect(place.notices).toMatchObject([{ code, facts: { function: 'authorize' } }])
})

test('[B1] of one socket the application is asked about so many documents at once, and about all of them', async () => {
  let atOnce = 0
  let most = 0
  const authorize = async () => {
    most = Math.max(most, ++atOnce)
    await new Promise(setImmediate)
    atOnce -= 1
    return 'read' as const
  }
  const grant = await granted(
    await new SignInPlace().open({ keys, authorize }),
    await tokenOf({ sub: 'ana' }),
  )
  const names = Array.from({ length: 200 }, (_, n) => `d${n}`)
  await Promise.all(names.map((name) => grant.ask(name)))
  expect(most).toBe(32)
  expect(names.every((name) => grant.rightsOf(name) === right.read)).toBe(true)
})

test('[S1] looked at again, a grant has what the application says now, and keeps what it cannot say', async () => {
  let answer: AuthorizeAnswer | Error = 'write'
  const authorize = () => {
    if (answer instanceof Error) throw answer
    return answer
  }
  const grant = await granted(
    await new SignInPlace().open({ keys, authorize }),
    await tokenOf({ sub: 'ana' }),
  )
  await grant.ask('story')
  expect(await grant.renewed(['story'])).toBe(grant)
  answer = 'read'
  const less = (await grant.renewed(['story'])) as LiveGrant
  expect(less.rightsOf('story')).toBe(right.read)
  expect(less.rightsVersion).not.toBe(grant.rightsVersion)
  answer = new Error('no database')
  expect(((await less.renewed(['story'])) as LiveGrant).rightsOf('story')).toBe(right.read)
  answer = 'none'
  expect(((await less.renewed(['story'])) as LiveGrant).rightsOf('story')).toBe(0)
})

test('[S1] an application with sessions of its own says who comes, and when they are gone', async () => {
  let isThere = true
  let subject = 'ana'
  const signIn = await new SignInPlace().open({
    authenticate: ({ headers }) => {
      return isThere && headers['x-app'] === 'yes' ? { subject, tenant: 'acme' } : undefined
    },
    authorize: (asked) => (asked.subject === 'ana' ? 'write' : 'none'),
  })
  expect(signIn.isOpen).toBe(false)
  const grant = await granted(signIn, '')
  expect(grant).toMatchObject({ tenant: 'acme', subject: 'ana' })
  expect(await grant.ask('story')).toBe(undefined)
  expect(await signIn.grantOf('', {})).toMatchObject({ code: 'not-signed-in' })
  subject = 'ben'
  expect(await grant.renewed(['story'])).toMatchObject({ code: 'not-signed-in', isPassing: false })
  isThere = false
  expect(await grant.renewed(['story'])).toMatchObject({ code: 'not-signed-in', isPassing: false })
})

test('[S1] an application alone decides by the request, and who comes has no name', async () => {
  const signIn = await new SignInPlace().open({
    authorize: ({ headers }) => (headers['x-app'] === 'yes' ? 'read' : 'none'),
  })
  const grant = await granted(signIn, '')
  expect(await grant.ask('story')).toBe(undefined)
  expect([grant.subject, grant.rightsOf('story')]).toEqual(['', right.read])
})

test('[L1] where the clock was set back, a token ends when it would have, by the clock that links wait by', async () => {
  const place = new SignInPlace()
  place.aheadMs = 3_600_000
  const token = await tokenOf({ sub: 'ana', exp: place.seconds + 60, documents: everything })
  const { expiresAt } = await granted(await place.open({ keys, clockToleranceMs: 0 }), token)
  expect(expiresAt).toBe(place.seconds * 1000 + 3_660_000)
})

// Revocations.

test('[S1] what is revoked stays so after a restart, until it would have expired', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys })
  const grant = await granted(signIn, await anasToken())
  let looked = 0
  signIn.whenRevoked = () => {
    looked += 1
  }
  await signIn.revoke({ tenant: '', id: 'one', expiresAt: place.now + 1000 })
  expect(looked).toBe(1)
  expect(await grant.renewed([])).toMatchObject({ code: 'token-revoked', isPassing: false })
  expect(await signIn.grantOf(await anasToken(), {})).toMatchObject({ code: 'token-revoked' })
  expect(await (await place.open({ keys })).grantOf(await anasToken(), {})).toMatchObject({
    code: 'token-revoked',
  })
  place.now += 2000
  await granted(await place.open({ keys }), await anasToken())
})

test('[S1] all that a subject was given before a moment can be revoked, and no one else’s', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys })
  const old = await tokenOf({ sub: 'ana', iat: place.seconds - 10, documents: everything })
  const undated = await tokenOf({ sub: 'ana', documents: everything })
  const later = await tokenOf({ sub: 'ana', iat: place.seconds + 1, documents: everything })
  const bens = await tokenOf({ sub: 'ben', iat: place.seconds - 10, documents: everything })
  const elsewhere = await tokenOf({ sub: 'ana', tenant: 'b', iat: place.seconds - 10, documents: everything })
  await signIn.revoke({ tenant: '', subject: 'ana', before: place.now })
  // An earlier moment takes nothing back.
  await signIn.revoke({ tenant: '', subject: 'ana', before: 0 })
  const again = await place.open({ keys })
  for (const token of [old, undated])
    expect(await again.grantOf(token, {})).toMatchObject({ code: 'token-revoked' })
  for (const token of [later, bens, elsewhere]) await granted(again, token)
})

test('[S1] a token’s id is its tenant’s: another tenant’s token of that id still counts', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys })
  const ofA = await tokenOf({ sub: 'ana', tenant: 'a', jti: '42', documents: everything })
  const ofB = await tokenOf({ sub: 'bea', tenant: 'b', jti: '42', documents: everything })
  await signIn.revoke({ tenant: 'a', id: '42' })
  for (const each of [signIn, await place.open({ keys })]) {
    expect(await each.grantOf(ofA, {})).toMatchObject({ code: 'token-revoked' })
    await granted(each, ofB)
  }
})

test('[S1] an id that was revoked before the first release, in no tenant’s key, counts in none', async () => {
  const place = new SignInPlace()
  await place.put(Uint8Array.of(0x6a, 0, 3, ...Buffer.from('one')), encodeRevoked(0))
  const signIn = await place.open({ keys })
  for (const tenant of ['', 'b']) {
    const token = await tokenOf({ sub: 'ana', tenant, jti: 'one', documents: everything })
    expect(await signIn.grantOf(token, {})).toMatchObject({ code: 'token-revoked' })
  }
  await granted(signIn, await tokenOf({ sub: 'ana', jti: 'two', documents: everything }))
})

test('[S1] what is revoked while revocations are read again stays revoked', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys })
  await signIn.revoke({ tenant: '', id: 'other', expiresAt: place.now + 1000 })
  place.now += 2000
  // It finds one that has expired, and waits for the disk to remove it.
  const read = signIn.recheck()
  await signIn.revoke({ tenant: '', id: 'one' })
  await read
  expect(await signIn.grantOf(await anasToken(), {})).toMatchObject({ code: 'token-revoked' })
})

test('[L1] a disk that refused to keep a revocation takes the next one', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({ keys })
  place.disk.failNext('full')
  await expect(signIn.revoke({ tenant: '', id: 'one' })).rejects.toMatchObject({ code: 'full' })
  await signIn.revoke({ tenant: '', id: 'one' })
  expect(await signIn.grantOf(await anasToken(), {})).toMatchObject({ code: 'token-revoked' })
})

test('[L1] what was revoked of somebody is over when the application lets them in anew', async () => {
  const place = new SignInPlace()
  const signIn = await place.open({
    authenticate: () => ({ subject: 'ana' }),
    authorize: () => 'write',
  })
  const grant = await granted(signIn, '')
  place.now += 1
  await signIn.revoke({ tenant: '', subject: 'ana', before: place.now })
  expect(grant.withdrawn()).toMatchObject({ code: 'token-revoked' })
  expect((await granted(signIn, '')).withdrawn()).toBeUndefined()
})

// Its own secret.

test('[S1] a relay that others reach and that was given nothing makes a secret, keeps it, and a token', async () => {
  const place = await placeOnDisk()
  const signIn = await place.open({})
  expect(signIn.isOpen).toBe(false)
  const token = (await signIn.ownToken()) ?? ''
  const grant = await granted(signIn, token)
  expect([grant.subject, grant.rightsOf('anything'), grant.mayAdminister]).toEqual(['owner', write, false])
  expect(await signIn.grantOf('', {})).toMatchObject({ code: 'no-token' })
  const file = join(place.folder, 'token-secret')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const kept = await readFile(file, 'utf8')
  await granted(await place.open({}), token)
  expect(await readFile(file, 'utf8')).toBe(kept)
  expect(place.notices).toEqual([])
})

test('[S1] a secret that others may read is told of; one that is none is not used', async () => {
  const place = await placeOnDisk()
  await place.open({})
  const file = join(place.folder, 'token-secret')
  await chmod(file, 0o644)
  await place.open({})
  expect(place.notices).toEqual([{ code: 'secret-exposed' }])
  await writeFile(file, 'short')
  await expect(place.open({})).rejects.toMatchObject({ code: 'secret-unreadable' })
})

test('[S1] on loopback a relay that was given nothing is open, and makes no secret', async () => {
  const place = await placeOnDisk()
  place.isLoopback = true
  const signIn = await place.open({})
  expect(await signIn.ownToken()).toBe(undefined)
  expect((await granted(signIn, 'whatever')).rightsOf('story')).toBe(write)
  await expect(stat(join(place.folder, 'token-secret'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('[S1] where nobody signs in only pages of this machine connect, and origins that were named are told of', async () => {
  const place = await placeOnDisk()
  place.isLoopback = true
  const origins = ['https://app.example.org', 'http://localhost:5173']
  const open = await place.open({ origins })
  expect(origins.map((origin) => open.acceptsOrigin(origin, '127.0.0.1:4410'))).toEqual([false, true])
  expect(place.notices).toEqual([{ code: 'origins-unused', facts: { origins: 'https://app.example.org' } }])
  place.notices.length = 0
  const { acceptsOrigin } = await place.open({ origins, keys })
  expect(origins.map((origin) => acceptsOrigin(origin, '127.0.0.1:4410'))).toEqual([true, true])
  expect(place.notices).toEqual([])
})

// Options.

const { rsa } = keyPairs()

test.each<[string, Partial<SignInOptions>, string]>([
  ['a short secret', { keys: { kind: 'secret', secret: 'short' } }, 'bad-key'],
  ['a key that is none', { keys: { kind: 'publicKey', key: 'hello' } }, 'bad-key'],
  ['a broken JWK', { keys: { kind: 'publicKey', key: '{' } }, 'bad-key'],
  [
    'a private key',
    {
      keys: { kind: 'publicKey', key: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    },
    'bad-key',
  ],
  [
    'a private JWK',
    { keys: { kind: 'publicKey', key: JSON.stringify(rsa.privateKey.export({ format: 'jwk' })) } },
    'bad-key',
  ],
  ['a secret as JWK', { keys: { kind: 'publicKey', key: '{"kty":"oct","k":"AAAA"}' } }, 'bad-key'],
  ['a key set without TLS', { keys: { kind: 'jwks', address: 'http://example.org/keys' } }, 'bad-key'],
  ['an origin that is none', { keys, origins: ['example.org'] }, 'bad-option'],
  ['keys and authenticate', { keys, authenticate: () => undefined, authorize: () => 'none' }, 'bad-option'],
  ['authenticate alone', { authenticate: () => undefined }, 'bad-option'],
])('[S1] a relay does not start with %s', async (_, options, code) => {
  await expect(new SignInPlace().open(options)).rejects.toMatchObject({ name: 'RelayError', code })
})

// Origins.

test.each([
  [undefined, true],
  ['http://localhost:3000', true],
  ['https://127.0.0.1', true],
  ['http://127.9.9.9:1', true],
  ['http://[::1]:8080', true],
  ['https://example.org', false],
  ['http://localhost.example.org', false],
  ['http://127.0.0.1.example.org', false],
  ['null', false],
  ['file://', false],
])('[S1] without signing in, origin %s: %s', (origin, isAccepted) => {
  expect(loopbackOrigins(origin, '127.0.0.1:4410')).toBe(isAccepted)
})

test.each([
  [undefined, 'relay.example', true],
  ['https://relay.example', 'relay.example', true],
  ['https://relay.example', 'relay.example:443', true],
  ['http://relay.example:4410', 'relay.example:4410', true],
  ['http://relay.example:4411', 'relay.example:4410', false],
  ['https://RELAY.example', 'relay.EXAMPLE', true],
  ['https://evil.example', 'relay.example', false],
  ['https://relay.example.evil', 'relay.example', false],
  ['http://localhost:4410', 'relay.example', false],
  ['https://app.example', 'relay.example', true],
  ['http://app.example', 'relay.example', false],
  ['https://relay.example', undefined, false],
  ['null', 'relay.example', false],
])(
  '[S1] with signing in, and https://app.example named, origin %s at host %s: %s',
  (origin, host, isAccepted) => {
    expect(namedOrigins(['https://app.example/'])(origin, host)).toBe(isAccepted)
  },
)
