import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { slugOf } from './slug.js';

test('one word', () => equal(slugOf(' Hello '), 'hello'));
test('many words', () => equal(slugOf('A bug in a bottle'), 'a-bug-in-a-bottle'));
