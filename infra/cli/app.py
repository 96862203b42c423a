"""The command line: options in, lines and an exit status out. What is done stands in the modules beside it.

Exit status: 0 done or nothing to do; 1 not done, or a check found a cross; 2 the command line is wrong.
"""

import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer

from gallery_sync.cloud.storage import BucketDocuments, BucketDrops
from gallery_sync.connect.settings import StateSettings
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.ports.shop_errors import ShoptetError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import paused
from infra.cli import export, holds, links, names, products, restore, webhooks
from infra.cli.adopt.command import adopted
from infra.cli.checks import Finding, Subjects, everything
from infra.cli.connect import Cloud
from infra.cli.probe.command import probed
from infra.cli.secrets import Secrets, SecretsError
from infra.cli.settings import (
    SECRETS,
    WEBHOOK_KEYS,
    Deployment,
    DropSettings,
    Place,
    Registration,
    check_value,
    read,
    used_by,
    with_secrets,
)
from infra.cli.stop import Stop

__all__ = ["make_app"]

ROOT: Final = Path(__file__).parents[2]

Project = Annotated[str | None, typer.Option(help="Google Cloud project; else GOOGLE_CLOUD_PROJECT")]
Region = Annotated[str | None, typer.Option(help="region of the functions; else GOOGLE_CLOUD_REGION")]
Prefix = Annotated[str | None, typer.Option(help="what all names begin with; else GALLERY_SYNC_PREFIX, gallery-sync")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and change nothing")]

T = TypeVar("T")


class LinkRight(StrEnum):
    """What a link to the page lets people do."""

    VIEW = "view"
    DROP = "drop"
    MANAGE = "manage"


class Gallery(StrEnum):
    """A product's galleries, as Shoptet names them."""

    SHOP = "shop"
    SHOP360 = "shop360"


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gallery-sync {_version()}")
        raise typer.Exit


def make_app(environ: Mapping[str, str], cloud: Cloud) -> typer.Typer:
    """Build the command line over this environment and these clients."""
    app = typer.Typer(
        name="gallery-sync",
        help="Set up and check a deployment of gallery-sync.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # They would show tokens.
    )

    @app.callback()
    def main(
        version: Annotated[
            bool, typer.Option("--version", help="say which version this is", is_eager=True, callback=_say_version)
        ] = False,
    ) -> None:
        """Set up and check a deployment of gallery-sync."""

    webhook = typer.Typer(help="Shoptet's job:finished webhook and the key that signs it.", no_args_is_help=True)
    secret = typer.Typer(help="The deployment's secrets.", no_args_is_help=True)
    app.add_typer(webhook, name="webhook")
    app.add_typer(secret, name="secret")
    link = typer.Typer(help="Links to the page that shows what happens to the pictures.", no_args_is_help=True)
    app.add_typer(link, name="link")

    @link.command("create")
    def create_link(
        right: Annotated[
            LinkRight, typer.Option(help="to look only, to upload pictures, or to press the buttons too")
        ] = LinkRight.VIEW,
        days: Annotated[int, typer.Option(help="how long it lasts, 366 at most")] = 30,
        product: Annotated[str, typer.Option(help="guid or code of the only product that it shows; else all")] = "",
        note: Annotated[str, typer.Option(help="for whom it is, to know it again in the list")] = "",
        url: Annotated[str | None, typer.Option(help="where the page is; else STATUS_LINK_URL")] = None,
    ) -> None:
        """Make a link to the page. It is shown this once: whoever has it may look, until it ends or is revoked."""

        def run() -> str:
            where = links.address(environ, url)
            return links.create(_documents(environ, cloud), cloud.clock, where, right.value, days, product, note[:100])

        typer.echo(_done(run))

    @link.command("list")
    def list_links() -> None:
        """List the links: what they show, when they end, for whom they are."""

        def run() -> None:
            for line in links.listed(_documents(environ, cloud), cloud.clock.now()):
                typer.echo(line)

        _done(run)

    @link.command("revoke")
    def revoke_link(
        link_id: Annotated[str, typer.Argument(metavar="ID", help="as the list names it")],
    ) -> None:
        """Let a link count no longer."""
        typer.echo(_done(lambda: links.revoke(_documents(environ, cloud), link_id)))

    @app.command()
    def check(project: Project = None, region: Region = None, prefix: Prefix = None, dry_run: DryRun = False) -> None:
        """Look at everything that a deployment needs: a tick or a cross each, and for each cross what to do."""
        place = Place.read(environ, project, region, prefix)

        def run() -> bool:
            settings = read(Deployment, with_secrets(environ, cloud.secrets(place)))
            storage = cloud.storage(settings)
            subjects = Subjects(
                settings,
                cloud.shop(settings, storage),
                storage,
                cloud.queues(settings),
                cloud.signer(settings, storage),
                cloud.clock,
            )
            return _told(everything(subjects, dry_run=dry_run))

        if not _done(run):
            raise typer.Exit(1)

    @app.command("pause")
    def pause_all() -> None:
        """Send nothing to the shop until `resume`: files and requests are taken, and wait."""

        def run() -> None:
            documents = _documents(environ, cloud)
            if paused.pause(documents, cloud.clock.now()):
                typer.echo("paused: nothing new is sent to the shop; runs that are under way end within 3 minutes")
            else:
                typer.echo("it is paused already")
            typer.echo("go on: gallery-sync resume")

        _done(run)

    @app.command()
    def resume() -> None:
        """Go on after `pause`: sweep reconciles what waits."""

        def run() -> None:
            was = paused.resume(_documents(environ, cloud))
            typer.echo("resumed: what waits goes on within 20 minutes" if was else "it was not paused; nothing to do")

        _done(run)

    @app.command()
    def release(
        products: Annotated[list[str] | None, typer.Argument(help="guids or codes; none: show what is held")] = None,
        everything_held: Annotated[
            bool, typer.Option("--all", help="show all that is held, ask, and release it")
        ] = False,
        dry_run: DryRun = False,
    ) -> None:
        """Let images go whose files are gone, where so many would go that they are held until a person says so."""
        if products and everything_held:
            raise typer.BadParameter("name products, or --all")

        def run() -> None:
            documents = _documents(environ, cloud)
            held = [one for product in products for one in holds.held_of(documents, product)] if products else None
            held = holds.all_held(documents) if held is None else held
            for one in held:
                for line in holds.shown(one):
                    typer.echo(line)
            if not held:
                typer.echo("nothing is held")
            elif not products and not everything_held:
                typer.echo("release them: gallery-sync release PRODUCT…, or gallery-sync release --all")
            elif dry_run:
                typer.echo("would release them")
            elif not everything_held or typer.confirm("release all of these?"):
                for line in holds.release(documents, cloud.clock, held):
                    typer.echo(line)
            else:
                typer.echo("nothing was released")

        _done(run)

    @app.command("restore")
    def restore_removed(
        operation: Annotated[
            str | None, typer.Argument(metavar="OPERATION", help="the id of the request that deleted it")
        ] = None,
        everything: Annotated[bool, typer.Option("--list", help="show what can come back, by day and product")] = False,
        dry_run: DryRun = False,
    ) -> None:
        """Bring back what a cleanup or deletion removed: each image in its place, with its description."""
        if (operation is None) != everything:
            raise typer.BadParameter("name an operation, or --list")

        def run() -> None:
            documents = _documents(environ, cloud)
            if operation is None:
                for line in restore.listed(documents):
                    typer.echo(line)
                return
            kept = restore.kept_of(documents, operation)
            for line in restore.shown(kept):
                typer.echo(line)
            if dry_run:
                typer.echo("would bring them back")
                return
            asked = restore.restore(documents, kept)
            typer.echo(f"they come back within 20 minutes; what becomes of each: operation {asked}")

        _done(run)

    @app.command("products")
    def list_products(
        without_pictures: Annotated[bool, typer.Option("--without-pictures", help="only those without any")] = False,
        unmatched: Annotated[
            bool, typer.Option("--unmatched", help="the folders that fit no product, instead")
        ] = False,
        form: Annotated[products.Format, typer.Option("--format", help="how to print them")] = products.Format.TABLE,
    ) -> None:
        """List the shop's products and their pictures, as the catalogue of the last day has them."""
        if without_pictures and unmatched:
            raise typer.BadParameter("--without-pictures is about products, --unmatched about folders: name one")

        def run() -> None:
            documents = _documents(environ, cloud)
            if unmatched:
                rows: Sequence[products.Product | products.Unmatched] = products.unmatched(documents)
                empty = "every folder fits a product"
            else:
                catalogue = products.read(documents)
                typer.echo(products.as_of(catalogue, cloud.clock), err=True)
                rows = products.products(catalogue, without_pictures=without_pictures)
                empty = "every product has a picture" if without_pictures else "the shop has no product"
            typer.echo(products.rendered(rows, form, empty), nl=False)

        _done(run)

    @app.command("names")
    def judge_names(
        source: Annotated[
            str, typer.Argument(metavar="FOLDER", help="a folder of this machine; or 'bucket', for the drop bucket")
        ],
        pattern: Annotated[
            list[str] | None, typer.Option(help="how files outside product folders are named; else NAME_PATTERNS")
        ] = None,
        only_refused: Annotated[bool, typer.Option("--refused", help="only what would be refused")] = False,
        form: Annotated[products.Format, typer.Option("--format", help="how to print them")] = products.Format.TABLE,
    ) -> None:
        """Say what the name of each file would mean, before anything is uploaded."""

        def run() -> None:
            how = names.patterns(environ, pattern or ())
            files = _bucket_files(environ, cloud) if source == names.BUCKET else names.in_folder(Path(source))
            found = list(names.judged(files, products.read(_documents(environ, cloud)), how))
            typer.echo(names.summary(found), err=True)
            rows = [row for row in found if row.why or not only_refused]
            typer.echo(
                products.rendered(rows, form, "nothing would be refused" if found else "there is no file"), nl=False
            )

        _done(run)

    @app.command("export")
    def export_pictures(
        product: Annotated[
            list[str] | None,
            typer.Argument(metavar="PRODUCT", help="codes or guids, as the folders are named; else all"),
        ] = None,
        form: Annotated[products.Format, typer.Option("--format", help="how to print them")] = products.Format.CSV,
    ) -> None:
        """List the dropped pictures with order, description, variants and what became of each: a table to edit and drop again."""

        def run() -> None:
            rows = list(export.exported(_documents(environ, cloud), product or ()))
            typer.echo(products.rendered(rows, form, "no picture was dropped"), nl=False)

        _done(run)

    @app.command("probe")
    def probe_shop(
        product: Annotated[
            str, typer.Argument(metavar="PRODUCT", help="guid or code of a hidden product whose gallery is empty")
        ],
        gallery: Annotated[Gallery, typer.Option(help="the gallery to work in")] = Gallery.SHOP,
        large: Annotated[bool, typer.Option("--large", help="send 11 MB as well: do they get lost?")] = False,
        visible: Annotated[bool, typer.Option("--visible", help="also where customers see the product")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="print JSON for a bug report")] = False,
        project: Project = None,
        prefix: Prefix = None,
    ) -> None:
        """Find out what this shop does where Shoptet's documentation says nothing; takes minutes, and leaves nothing behind."""
        place = Place.read(environ, project, None, prefix)

        def run() -> str:
            settings = read(Deployment, with_secrets(environ, cloud.secrets(place)))
            return probed(
                settings,
                cloud,
                product,
                gallery.value,
                large=large,
                visible=visible,
                as_json=as_json,
                version=_version(),
            )

        typer.echo(_done(run), nl=False)

    @app.command("adopt")
    def adopt_images(
        products: Annotated[list[str] | None, typer.Argument(help="guids or codes; none: the whole shop")] = None,
        write: Annotated[bool, typer.Option("--write", help="write it down; else it is only said")] = False,
        replace_smaller: Annotated[
            bool, typer.Option("--replace-smaller", help="let files take the place of images with fewer pixels")
        ] = False,
        page: Annotated[
            Path | None, typer.Option("--page", help="write a page with the pictures that a person has to look at")
        ] = None,
        project: Project = None,
        prefix: Prefix = None,
    ) -> None:
        """Take the pictures that the shop shows already for the files in the bucket, so that they are not inserted again."""
        place = Place.read(environ, project, None, prefix)

        def run() -> None:
            settings = read(Deployment, with_secrets(environ, cloud.secrets(place)))
            said = adopted(settings, cloud, products or (), writes=write, replace_smaller=replace_smaller, page=page)
            for line in said:
                typer.echo(line)

        _done(run)

    @webhook.command()
    def register(
        move: Annotated[bool, typer.Option("--move", help="take the event over from whoever has it")] = False,
        project: Project = None,
        prefix: Prefix = None,
        dry_run: DryRun = False,
    ) -> None:
        """Let Shoptet tell JOB_FINISHED_URL when a job has finished, and store a first key to check that by."""
        place = Place.read(environ, project, None, prefix)

        def run() -> None:
            secrets = _secrets(cloud, place)
            settings, shop = _shop(environ, cloud, place)
            typer.echo(webhooks.register(shop, settings.job_finished_url, move=move, dry_run=dry_run))
            if secrets.latest(WEBHOOK_KEYS) is not None:
                if move:
                    typer.echo("if the key was renewed by another system meanwhile: gallery-sync webhook rotate")
                return
            first = webhooks.rotate(shop, secrets, dry_run=dry_run)
            named = secrets.named(WEBHOOK_KEYS)
            typer.echo(f"would renew the key and store it in {named}" if first is None else f"stored a key in {named}")

        _done(run)

    @webhook.command()
    def show(project: Project = None, prefix: Prefix = None) -> None:
        """List the shop's webhooks, and say which is this deployment's."""
        place = Place.read(environ, project, None, prefix)

        def run() -> list[str]:
            settings, shop = _shop(environ, cloud, place)
            hooks = shop.webhooks()
            lines = [
                f"{hook.id}  {hook.event}  {webhooks.shown(hook.url)}"
                + ("  (this deployment)" if hook.url == settings.job_finished_url else "")
                for hook in hooks
            ]
            if webhooks.registered(hooks) is None:
                lines.append(f"{webhooks.JOB_FINISHED} is not registered: gallery-sync webhook register")
            return lines

        for line in _done(run):
            typer.echo(line)

    @webhook.command()
    def rotate(
        finish: Annotated[
            bool, typer.Option("--finish", help="an hour later: accept the key before no longer, renew nothing")
        ] = False,
        project: Project = None,
        region: Region = None,
        prefix: Prefix = None,
        dry_run: DryRun = False,
    ) -> None:
        """Renew the key that signs Shoptet's webhooks, and keep the one before until --finish."""
        place = Place.read(environ, project, region, prefix)

        def run() -> webhooks.Rotated | None:
            secrets = _secrets(cloud, place)
            if finish:
                return webhooks.finish(secrets, dry_run=dry_run)
            _, shop = _shop(environ, cloud, place)
            return webhooks.rotate(shop, secrets, dry_run=dry_run)

        for line in _after_rotation(_done(run), place, finish=finish, dry_run=dry_run):
            typer.echo(line)

    @secret.command("set")
    def set_secret(
        name: Annotated[str, typer.Argument(help=", ".join(sorted(SECRETS)))],
        project: Project = None,
        region: Region = None,
        prefix: Prefix = None,
        dry_run: DryRun = False,
    ) -> None:
        """Store a secret; its value is read from standard input, or asked for, and never shown."""
        place = Place.read(environ, project, region, prefix)
        if name not in SECRETS:
            raise typer.BadParameter(f"there is no secret {name}: {', '.join(sorted(SECRETS))}")

        def run() -> list[str]:
            value = _value(name)
            check_value(name, value)
            return _stored(_secrets(cloud, place), name, value, place, dry_run=dry_run)

        for line in _done(run):
            typer.echo(line)

    return app


def _done(run: Callable[[], T]) -> T:
    """Run a command's work; what stands in its way is told in one line, with exit status 1."""
    try:
        return run()
    except (Stop, SecretsError, ShoptetError, StorageUnavailable, BadDocument) as error:
        typer.echo(f"gallery-sync: {error}", err=True)
        raise typer.Exit(1) from None


def _told(findings: Iterable[Finding]) -> bool:
    """Print each finding as soon as it is there; True if there was no cross."""
    crosses = 0
    for finding in findings:
        line = f"{finding.what}: {finding.found}" if finding.found else finding.what
        typer.echo(f"{'✓' if finding.ok else '✗'} {line}")
        if not finding.ok:
            crosses += 1
            typer.echo(f"  → {finding.advice}")
    typer.echo("everything is as it should be" if not crosses else f"{crosses} to set right")
    return not crosses


def _secrets(cloud: Cloud, place: Place) -> Secrets:
    secrets = cloud.secrets(place)
    if secrets is None:
        raise Stop("name the project: --project, or GOOGLE_CLOUD_PROJECT")
    return secrets


def _bucket_files(environ: Mapping[str, str], cloud: Cloud) -> Iterator[tuple[str, int]]:
    """Give the files of the drop bucket with their sizes (bytes)."""
    settings = read(DropSettings, environ)
    for file in BucketDrops(cloud.storage(settings).bucket(settings.drop_bucket)).list(""):
        yield file.name, file.size


def _documents(environ: Mapping[str, str], cloud: Cloud) -> BucketDocuments:
    settings = read(StateSettings, environ)
    return BucketDocuments(cloud.storage(settings).bucket(settings.state_bucket))


def _shop(environ: Mapping[str, str], cloud: Cloud, place: Place) -> tuple[Registration, webhooks.WebhookShop]:
    settings = read(Registration, with_secrets(environ, cloud.secrets(place)))
    return settings, cloud.shop(settings, cloud.storage(settings))


def _value(name: str) -> str:
    """Read the value from a pipe, or ask a person for it without showing it; Stop for one that cannot be meant."""
    piped = not sys.stdin.isatty()
    value = (sys.stdin.read() if piped else str(typer.prompt(name, hide_input=True))).strip()
    if not value:
        raise Stop(f"nothing was given for {name}: write it to standard input, without a word on the command line")
    if not value.isprintable():
        raise Stop(f"what was given for {name} holds line ends or control characters: give the value alone")
    return value


def _stored(secrets: Secrets, name: str, value: str, place: Place, *, dry_run: bool) -> list[str]:
    current = secrets.latest(name)
    if current is not None and current.value == value:
        return [f"{secrets.named(name)} holds this value already (version {current.number}); nothing to do"]
    if dry_run:
        return [f"would add a version to {secrets.named(name)}"]
    version = secrets.add(name, value)
    lines = [f"version {version} of {secrets.named(name)} is stored"]
    if current is not None:
        lines += ["instances that run still have the value before; new ones read this one after:"]
        lines += [f"  {command}" for command in place.restart(used_by(name))]
    return lines


def _after_rotation(rotated: webhooks.Rotated | None, place: Place, *, finish: bool, dry_run: bool) -> list[str]:
    restart = [f"  {command}" for command in place.restart(used_by(WEBHOOK_KEYS))]
    if finish:
        if rotated is None:
            return ["would let go of the key before" if dry_run else "there is one key only; nothing to do"]
        return [f"version {rotated.version} holds the newest key alone; new instances read it after:", *restart]
    if rotated is None:
        return ["would renew the key and store it with the one before; then new instances read it after:", *restart]
    return [
        f"the key was renewed; version {rotated.version} of the secret holds "
        + ("it and the one before" if rotated.keys > 1 else "it"),
        "instances that run do not know it, and refuse what Shoptet signs with it; Shoptet repeats that 15 and 30",
        "minutes later. So that nothing is lost, let new instances read it within 15 minutes:",
        *restart,
        "then see that it is accepted: gallery-sync check",
        "an hour later, accept the key before no longer: gallery-sync webhook rotate --finish",
    ]
