"""One frozen, validated object from the environment; every setting has the prefix ``FRONTLINE_``.

The README holds the table of settings; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.errors import ConfigurationError
from services.setting_choices import (
    LOOPBACK_ADDRESSES,
    NEEDED_BY,
    OIDC_SETTINGS,
    AnswerBackend,
    AnswerContainer,
    AnswerFallback,
    BackgroundBackend,
    EmbeddingBackend,
    EmbeddingContainer,
    LabelBackend,
    MaskBackend,
    OpenSearchSigning,
    PiiBackend,
    RetrievalBackend,
    SmtpTls,
    SurveyBackend,
    sign_in_problem,
)


class Settings(BaseSettings):
    """All settings of one process. Build it with :func:`load_settings`, which names what is wrong."""

    model_config = SettingsConfigDict(env_prefix="FRONTLINE_", frozen=True, extra="ignore", env_file=None)

    home: Path = Field(Path("var"), description="Folder for everything that the app writes.")
    database_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL; SQLite in `FRONTLINE_HOME` when unset, `postgresql+psycopg://…` to grow."
    )
    storage_root: str | None = Field(
        None, description="Where files and index snapshots are kept: a folder, or `s3://bucket/prefix`."
    )
    demo: bool = Field(
        False, description="Sample accounts with one-click sign-in; refused on any address but loopback."
    )
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8501, ge=1, le=65535, description="Port that `serve` listens on.")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Host names that browsers may use, comma-separated; unset allows `FRONTLINE_HOST` and loopback."
    )
    log_level: str = Field("INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`.")
    log_format: str = Field("console", description="`console` for people, `json` for machines.")
    cookie_secret: SecretStr | None = Field(
        None, description="Key that signs the sign-in cookie; made once and kept in `FRONTLINE_HOME` when unset."
    )
    session_hours: int = Field(12, ge=1, le=720, description="How long a sign-in lasts, in hours.")
    local_accounts: bool = Field(
        True, description="Whether people may sign in with a user name and a password that are kept here."
    )
    oidc_metadata_url: HttpUrl | None = Field(
        None,
        description="Discovery document of an identity provider (OpenID Connect) where people sign in with their "
        "company account, such as `https://…/.well-known/openid-configuration`; needs the next ones.",
    )
    oidc_client_id: str | None = Field(None, description="What that provider calls Frontline.")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret, where the provider gave one.")
    oidc_groups_claim: str = Field(
        "groups", min_length=1, description="Claim that holds a person's groups; Cognito's is `cognito:groups`."
    )
    oidc_roles: str | None = Field(
        None,
        description="Which role groups have, as in `frontline-admins=admin;frontline-agents=agent`; the first that "
        "fits counts, and `*` is everybody.",
    )
    oidc_tenants: str | None = Field(
        None,
        description="Which tenants groups see, as in `team-pharmacy=pharmacy;frontline-admins=*`; all that fit count. "
        "`*` is everybody, or every tenant.",
    )
    trusted_proxy: bool = Field(
        False, description="Take the caller's address from `X-Forwarded-For`; only behind a proxy that sets it."
    )
    answer_backend: AnswerBackend = Field(
        AnswerBackend.EXTRACTIVE,
        description="Who writes drafts: `extractive` quotes; `openai`, `bedrock`, `sagemaker` and `bedrock_kb` "
        "(RetrieveAndGenerate) generate.",
    )
    answer_fallback: AnswerFallback = Field(
        AnswerFallback.NONE,
        description="`extractive` quotes when the backend for answers fails, and says so; `none` shows the error.",
    )
    embedding_backend: EmbeddingBackend = Field(
        EmbeddingBackend.LOCAL, description="Who turns text into vectors: `local`, `bedrock` or `sagemaker`."
    )
    embedding_model: str = Field(
        "all-MiniLM-L6-v2", description="The packaged model, or a folder or hub id that sentence-transformers loads."
    )
    retrieval_backend: RetrievalBackend = Field(
        RetrievalBackend.FAISS,
        description="Where passages are searched: `faiss` on this machine, `opensearch`, or `bedrock_kb`.",
    )
    pii_backend: PiiBackend = Field(
        PiiBackend.LOCAL,
        description="Who finds personal data: `local`, or `comprehend`, which asks Amazon Comprehend beside it.",
    )
    openai_base_url: HttpUrl | None = Field(
        None, description="OpenAI-compatible server, such as `http://127.0.0.1:11434/v1`; needed by `openai`."
    )
    openai_api_key: SecretStr | None = Field(None, description="Key for that server, where it wants one.")
    openai_answer_model: str | None = Field(None, description="Model that the server should use; needed by `openai`.")
    openai_timeout_seconds: float = Field(
        60.0, gt=0, le=600, description="Longest wait for the next piece of an answer, in seconds."
    )
    openai_image_model: str | None = Field(
        None, description="Model of that server that edits images; needed by `FRONTLINE_BACKGROUND_BACKEND=openai`."
    )
    openai_image_price: float | None = Field(
        None,
        ge=0,
        le=100,
        description="What one picture of that model costs, in US dollars; unset says unknown, and what costs 0 is "
        "asked for again after a crash.",
    )
    survey_backend: SurveyBackend = Field(
        SurveyBackend.LOCAL,
        description="What survey runs use unless told otherwise: `local`, or a language model: `openai`, `bedrock`.",
    )
    openai_survey_model: str | None = Field(
        None,
        description="Model of that server that reads survey responses; needed by `FRONTLINE_SURVEY_BACKEND=openai`, "
        "and beside `local` it is offered for single runs.",
    )
    openai_survey_context_tokens: int = Field(
        32_000, ge=4_000, le=2_000_000, description="Context window of that model as the server runs it, in tokens."
    )
    openai_survey_input_price: float | None = Field(
        None, ge=0, le=1_000, description="What a million tokens sent to it cost, in US dollars; unset says unknown."
    )
    openai_survey_output_price: float | None = Field(
        None, ge=0, le=1_000, description="What a million tokens of its replies cost, in US dollars."
    )
    label_backend: LabelBackend = Field(
        LabelBackend.LOCAL, description="Who says what is in photos: `local` or `rekognition`."
    )
    clip_model: str | None = Field(
        None,
        description="CLIP model that names what is in photos: a folder or hub id that sentence-transformers loads.",
    )
    background_backend: BackgroundBackend = Field(
        BackgroundBackend.LOCAL,
        description="`local` composes backgrounds, `openai` and `bedrock` have them generated.",
    )
    mask_backend: MaskBackend = Field(
        MaskBackend.LOCAL, description="Who cuts products out: `local`, or `bedrock`, which costs money per photo."
    )
    segmentation_model: Path | None = Field(
        None,
        description="ONNX file of a network that cuts out products (U2-Net, ISNet, BiRefNet); unset takes the first in "
        "`FRONTLINE_HOME/models`, or the small one that was installed with the app.",
    )
    max_image_bytes: int = Field(41_943_040, ge=10_000, description="Largest photo that can be uploaded, in bytes.")
    max_image_pixels: int = Field(
        60_000_000,
        ge=10_000,
        le=160_000_000,
        description="Most pixels of a photo; each takes about 12 bytes of memory.",
    )
    max_batch_images: int = Field(1000, ge=1, le=10_000, description="Most photos of one batch.")
    public_url: HttpUrl | None = Field(
        None, description="Address of the app as people open it, for links in e-mails; unset leaves links out."
    )
    smtp_host: str | None = Field(None, description="Mail server for notices of ended batches; unset sends no e-mail.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_tls: SmtpTls = Field(SmtpTls.STARTTLS, description="`starttls`, `tls` (usually port 465) or `off`.")
    smtp_user: str | None = Field(None, description="User name for the mail server, where it wants one.")
    smtp_password: SecretStr | None = Field(None, description="Password for the mail server.")
    smtp_from: str | None = Field(
        None, description="Address that notices come from; needed with `FRONTLINE_SMTP_HOST`."
    )
    smtp_to: str | None = Field(
        None,
        description="Address that notices go to; `{username}` stands for the account's name, as in "
        "`{username}@example.com`. Unset writes to accounts whose name is an address.",
    )
    max_question_characters: int = Field(8000, ge=200, le=100_000, description="Longest question that is accepted.")
    max_file_bytes: int = Field(50_000_000, ge=1_000, description="Largest knowledge file that is loaded.")
    max_archive_bytes: int = Field(
        200_000_000, ge=1_000, description="Largest zip archive of knowledge files that can be uploaded."
    )
    max_survey_bytes: int = Field(200_000_000, ge=1_000, description="Largest survey file that is loaded, in bytes.")
    chunk_words: int = Field(
        120, ge=20, le=1000, description="Words of one passage; another value needs a full new index."
    )
    chunk_overlap: int = Field(
        30, ge=0, le=500, description="Words that neighboring passages share; less than half of a passage."
    )
    snapshots_kept: int = Field(10, ge=2, le=1000, description="Published versions kept to go back to, with files.")
    source_roots: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Folders and `s3://` prefixes below which administrators may have sources read on a schedule, "
        "comma-separated; `{tenant}` stands for the tenant's id. Unset turns sources off.",
    )
    max_concurrent_answers: int = Field(8, ge=1, le=256, description="Answers worked on at once; more wait in line.")
    answer_wait_seconds: float = Field(20.0, gt=0, description="Longest wait in that line before the agent is told.")
    worker_processes: int = Field(
        1, ge=0, le=16, description="Workers that `serve` runs beside the web; `0` when they run elsewhere."
    )
    worker_concurrency: int = Field(
        2, ge=1, le=64, description="Items that one worker works on at once; the same for all workers."
    )
    worker_stop_seconds: int = Field(
        10, ge=1, le=3600, description="How long a worker that stops lets items end before it hands them back."
    )

    aws_region: str | None = Field(
        None, description="Region of all AWS services; unset takes the one of the AWS environment."
    )
    bedrock_answer_model: str | None = Field(
        None, description="Model or inference profile that writes drafts; needed by `bedrock` and `bedrock_kb`."
    )
    bedrock_guardrail_id: str | None = Field(None, description="Guardrail that the drafts pass through.")
    bedrock_guardrail_version: str | None = Field(None, description="Its version; needed with the guardrail.")
    bedrock_survey_model: str | None = Field(
        None,
        description="Model or inference profile that reads survey responses; needed by "
        "`FRONTLINE_SURVEY_BACKEND=bedrock`, and beside others it is offered for single runs.",
    )
    bedrock_survey_context_tokens: int | None = Field(
        None, ge=4_000, le=2_000_000, description="Context window of that model, in tokens; unset takes the known one."
    )
    bedrock_survey_requests_per_minute: int | None = Field(
        None, ge=1, description="The account's quota for that model, shared by all workers; unset sets no limit."
    )
    bedrock_survey_tokens_per_minute: int | None = Field(
        None, ge=1_000, description="The account's quota of tokens for that model; unset sets no limit."
    )
    bedrock_image_model: str | None = Field(
        None, description="Model that paints backgrounds; needed by `FRONTLINE_BACKGROUND_BACKEND=bedrock`."
    )
    bedrock_mask_model: str | None = Field(
        None, description="Model that cuts products out; needed by `FRONTLINE_MASK_BACKEND=bedrock`."
    )
    bedrock_embedding_model: str | None = Field(
        None, description="Model that turns text into vectors; needed by `FRONTLINE_EMBEDDING_BACKEND=bedrock`."
    )
    bedrock_embedding_dimension: int | None = Field(
        None, ge=64, le=4096, description="Length of its vectors, where the model offers several; unset takes its own."
    )
    bedrock_kb_id: str | None = Field(
        None, description="Bedrock knowledge base; needed by `bedrock_kb` for answers and for retrieval."
    )
    bedrock_kb_data_source_id: str | None = Field(
        None,
        description="Custom data source of that knowledge base that published versions are put into; unset leaves what "
        "is in it to others.",
    )
    sagemaker_answer_endpoint: str | None = Field(
        None, description="Endpoint of a text model; needed by `FRONTLINE_ANSWER_BACKEND=sagemaker`."
    )
    sagemaker_answer_container: AnswerContainer = Field(
        AnswerContainer.TGI, description="What serves it: `tgi`, `vllm` (also LMI) or `jumpstart`."
    )
    sagemaker_embedding_endpoint: str | None = Field(
        None, description="Endpoint of an embedding model; needed by `FRONTLINE_EMBEDDING_BACKEND=sagemaker`."
    )
    sagemaker_embedding_container: EmbeddingContainer = Field(
        EmbeddingContainer.TEI, description="What serves it: `tei`, `hugging_face` or `jumpstart`."
    )
    opensearch_url: HttpUrl | None = Field(
        None, description="Address of OpenSearch; needed by `FRONTLINE_RETRIEVAL_BACKEND=opensearch`."
    )
    opensearch_signing: OpenSearchSigning = Field(
        OpenSearchSigning.SERVICE, description="`es` for OpenSearch Service, `aoss` for Serverless, `none` for neither."
    )
    rekognition_moderation_confidence: float | None = Field(
        None,
        ge=1,
        le=100,
        description="Photos in which Rekognition sees unsafe content with this confidence, in percent, are refused; "
        "unset does not ask.",
    )
    sns_topic_arn: str | None = Field(None, description="SNS topic that hears of ended batches; unset sends nothing.")
    s3_kms_key_id: str | None = Field(
        None, description="KMS key for files in S3; unset leaves it to the bucket's own setting."
    )
    link_hours: int = Field(
        24, ge=1, le=168, description="How long links to files in S3 last, in hours; what AWS allows may be less."
    )
    capture_root: str | None = Field(
        None,
        description="`s3://bucket/prefix`, or a folder, where requests to models and their replies are kept, personal "
        "data masked; unset keeps none.",
    )
    capture_share: float = Field(1.0, ge=0, le=1, description="Which share of the calls is kept there.")
    capture_days: int = Field(30, ge=1, le=3650, description="After how many days what is kept there is deleted.")
    model_prices: Path | None = Field(
        None, description="YAML file with prices of models that replace or add to the packaged table."
    )
    lane_limits: str | None = Field(
        None,
        description="How much backends may be asked for by all workers together, such as `openai=4,30/60`: 4 items at "
        "once, and 30 begun within 60 seconds; several are separated by semicolons. Unset sets no limits.",
    )

    @field_validator("allowed_hosts", "source_roots", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        level = value.upper()
        if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level

    @field_validator("log_format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value not in {"console", "json"}:
            raise ValueError("must be console or json")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.demo and self.host not in LOOPBACK_ADDRESSES:
            raise ValueError("FRONTLINE_DEMO signs people in without a password, so FRONTLINE_HOST must be 127.0.0.1")
        for chosen, needed in NEEDED_BY.items():
            name, value = chosen
            missing = [one for one in needed if not getattr(self, one)]
            if getattr(self, name) == value and missing:
                wanted = " and ".join(f"FRONTLINE_{one.upper()}" for one in needed)
                raise ValueError(f"FRONTLINE_{name.upper()}={value} needs {wanted}")
        if self.answer_backend is AnswerBackend.BEDROCK_KB and (
            self.retrieval_backend is not RetrievalBackend.BEDROCK_KB or not self.bedrock_kb_data_source_id
        ):
            # Only there is each passage marked, so that Bedrock reads what the person is shown and nothing else.
            raise ValueError(
                "FRONTLINE_ANSWER_BACKEND=bedrock_kb needs FRONTLINE_RETRIEVAL_BACKEND=bedrock_kb and "
                "FRONTLINE_BEDROCK_KB_DATA_SOURCE_ID"
            )
        if bool(self.bedrock_guardrail_id) != bool(self.bedrock_guardrail_version):
            raise ValueError("FRONTLINE_BEDROCK_GUARDRAIL_ID and FRONTLINE_BEDROCK_GUARDRAIL_VERSION belong together")
        if (self.openai_survey_input_price is None) != (self.openai_survey_output_price is None):
            raise ValueError(
                "FRONTLINE_OPENAI_SURVEY_INPUT_PRICE and FRONTLINE_OPENAI_SURVEY_OUTPUT_PRICE belong together"
            )
        problem = sign_in_problem(self.model_dump(include={"demo", "local_accounts", *OIDC_SETTINGS}))
        if problem:
            raise ValueError(problem)
        if self.smtp_host and not self.smtp_from:
            raise ValueError("FRONTLINE_SMTP_HOST needs FRONTLINE_SMTP_FROM, the address that notices come from")
        if self.chunk_overlap * 2 > self.chunk_words:
            raise ValueError("FRONTLINE_CHUNK_OVERLAP must be at most half of FRONTLINE_CHUNK_WORDS")
        for root in self.source_roots:
            if not (root.startswith("s3://") or Path(root).is_absolute()):
                raise ValueError("FRONTLINE_SOURCE_ROOTS must name absolute folders or s3:// addresses")
        return self

    @property
    def resolved_database_url(self) -> str:
        """The database to use, with the password in it: never log this."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home.resolve() / 'frontline.sqlite3'}"

    @property
    def resolved_storage_root(self) -> str:
        """A folder or an s3:// address."""
        return self.storage_root or str(self.home.resolve() / "files")


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment.

    Raises:
        ConfigurationError: a value is not allowed; the message names each setting and what it may be.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as exc:
        problems = []
        for error in exc.errors(include_input=False, include_url=False):
            name = ".".join(str(part) for part in error["loc"])
            label = f"FRONTLINE_{name.upper()}: " if name else ""
            problems.append(label + error["msg"].removeprefix("Value error, "))
        raise ConfigurationError(
            "Frontline cannot start: " + "; ".join(problems) + ".", code="invalid-setting"
        ) from exc
