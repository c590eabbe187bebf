import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BottleError } from '../../src/errors.ts';
import { findSkills } from '../../src/provision/skills.ts';
import { makeScene, type Scene } from './scene.ts';
import { treeOf } from './tree.ts';

function makeSkill(scene: Scene, place: string, name: string): string {
  const skill = join(scene.root, place, name);
  mkdirSync(join(skill, 'scripts', 'empty'), { recursive: true, mode: 0o755 });
  writeFileSync(join(skill, 'SKILL.md'), `# ${name}\n`);
  writeFileSync(join(skill, 'scripts', 'run'), '#!/bin/sh\n', { mode: 0o755 });
  chmodSync(join(skill, 'SKILL.md'), 0o666);
  symlinkSync('../SKILL.md', join(skill, 'scripts', 'link'));
  return skill;
}

describe('findSkills', () => {
  test('takes the first place that has the skill', () => {
    const scene = makeScene();
    const verify = makeSkill(scene, 'b', 'verify');
    const [first] = [makeSkill(scene, 'a', 'both'), makeSkill(scene, 'b', 'both')];
    const places = [join(scene.root, 'a'), join(scene.root, 'missing'), join(scene.root, 'b')];
    expect(findSkills(scene.host, ['verify', 'both', 'verify'], places)).toEqual([
      { name: 'verify', from: verify },
      { name: 'both', from: first },
    ]);
    expect(findSkills(scene.host, [], places)).toEqual([]);
  });

  test('names all that is missing, and all places', () => {
    const scene = makeScene();
    makeSkill(scene, 'a', 'good');
    writeFileSync(join(scene.root, 'a', 'a-file'), '');
    const places = [join(scene.root, 'a'), join(scene.root, 'b')];
    const names = ['good', 'gone', 'a-file', '../a', '.', '-rf', 'a/b', ''];
    let failure: unknown;
    try {
      findSkills(scene.host, names, places);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(BottleError);
    const { outcome, what, where, problems } = failure as BottleError;
    expect(outcome).toBe('config-invalid');
    expect(problems).toHaveLength(names.length - 1);
    for (const name of names.slice(1)) expect(what).toContain(JSON.stringify(name));
    expect(what).not.toContain('"good"');
    for (const place of places) expect(where).toContain(place);
  });

  test('follows no link out of its place, nor out of the checkout', () => {
    const scene = makeScene();
    makeSkill(scene, 'elsewhere', 'stolen');
    mkdirSync(join(scene.workspace, 'skills'));
    symlinkSync(join(scene.root, 'elsewhere/stolen'), join(scene.workspace, 'skills/stolen'));
    symlinkSync(join(scene.root, 'elsewhere'), join(scene.workspace, 'linked'));
    const host = { ...scene.host, env: { GITHUB_WORKSPACE: scene.workspace } };
    for (const place of ['skills', 'linked']) {
      const search = () => findSkills(host, ['stolen'], [join(scene.workspace, place)]);
      expect(search, place).toThrow('has no directory');
    }
  });
});

describe('skills in the guest', () => {
  test('none: nothing is copied and nothing is executed for them', async () => {
    const scene = makeScene();
    const { skills } = await scene.provision();
    expect(skills).toEqual([]);
    expect(scene.machine.executed).toHaveLength(1);
    expect(scene.machine.executed[0]?.join('\n')).not.toContain('.claude/skills');
    expect(Object.keys(treeOf(scene.home)).filter((name) => name.includes('skills'))).toEqual([]);
  });

  test('some: each is replaced whole, in one exec, and the others are left alone', async () => {
    const scene = makeScene();
    const list = ['verify', 'init-prd'].map((name) => ({
      name,
      from: makeSkill(scene, 'a', name),
    }));
    const to = join(scene.home, '.claude', 'skills');
    for (const old of ['verify', 'other']) {
      mkdirSync(join(to, old), { recursive: true });
      writeFileSync(join(to, old, 'old.txt'), 'old\n');
    }
    const { skills, files } = await scene.provision({ skills: { list, to } });
    expect(skills).toEqual(['verify', 'init-prd']);
    expect(files).toBe(4);
    expect(scene.machine.executed).toHaveLength(1);
    for (const { name, from } of list) expect(treeOf(join(to, name))).toEqual(treeOf(from));
    expect(readFileSync(join(to, 'other', 'old.txt'), 'utf8')).toBe('old\n');
  });

  test.each(['/etc/passwd', '../../../etc/passwd', 'scripts/../../other', '..'])(
    'a link to %s is refused, with the skill and the link named',
    async (target) => {
      const scene = makeScene();
      const from = makeSkill(scene, 'a', 'verify');
      symlinkSync(target, join(from, 'leak'));
      const skills = { list: [{ name: 'verify', from }], to: join(scene.home, 'skills') };
      await expect(scene.provision({ skills })).rejects.toMatchObject({
        outcome: 'provision-failed',
        what: expect.stringMatching(/skill verify .*leak → /),
        where: from,
      });
    },
  );

  test('a FIFO and a repository inside are left out', async () => {
    const scene = makeScene();
    const from = makeSkill(scene, 'a', 'verify');
    execFileSync('mkfifo', [join(from, 'pipe')]);
    mkdirSync(join(from, '.git'));
    writeFileSync(join(from, '.git', 'config'), 'secret');
    const skills = { list: [{ name: 'verify', from }], to: join(scene.home, 'skills') };
    const { notices } = await scene.provision({ skills });
    expect(notices.join()).toContain('pipe');
    const copied = Object.keys(treeOf(join(scene.home, 'skills', 'verify')));
    expect(copied).not.toContain('pipe');
  });
});
