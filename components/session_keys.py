"""Every ``st.session_state`` key of the frame and of sign-in, named once.

Pages and components add theirs below, one block per page. streamlit-authenticator owns ``name``, ``username``,
``authentication_status``, ``email``, ``roles`` and ``logout``: nothing else may use these names.
"""

from __future__ import annotations

# Sign-in
SESSION_TOKEN = "sign_in.token"
PENDING_COOKIE = "sign_in.pending_cookie"
SIGN_IN_NOTICE = "sign_in.notice"
USERNAME_FIELD = "sign_in.username"
PASSWORD_FIELD = "sign_in.password"
SIGN_IN_BUTTON = "sign_in.submit"
SAMPLE_BUTTON = "sign_in.sample."  # followed by the user name

# Frame
TENANT = "tenant"  # also the name of the query parameter, so that a link can carry it
VIEWER = "frame.viewer"
SIGN_OUT_BUTTON = "frame.sign_out"
TRY_AGAIN_BUTTON = "error_notice.try_again"
SHOW_PAGE_BUTTON = "error_notice.show_page"

# Answer questions; those that end in a dot are followed by the id of an answer
CONVERSATION = "conversation"  # the name of the query parameter, so that a reload and a link keep it
ASK_BOX = "answer.ask"
ASK_QUEUE = "answer.queue"
ASK_FOCUS = "answer.focus"
ASK_HEARD = "answer.heard"
ASK_REFUSED = "answer.refused"
ASK_FAILURE = "answer.failure."
OPEN_CONVERSATION = "answer.open"
CONVERSATION_TENANT = "answer.tenant"
EXAMPLE_BUTTON = "answer.example."  # followed by its number
NEW_CONVERSATION_BUTTON = "answer.new"
DOWNLOAD_BUTTON = "answer.conversation.download"
HISTORY_SEARCH = "answer.history.search"
HISTORY_BUTTON = "answer.history.open."
EARLIER_TURN = "answer.earlier."
EDITING = "answer.editing."
EDIT_FIELD = "answer.edit."
EDIT_BUTTON = "answer.edit.start."
EDIT_DONE_BUTTON = "answer.edit.done."
EDIT_BACK_BUTTON = "answer.edit.back."
COPY_BUTTON = "answer.copy."
STAR_BUTTON = "answer.star."
RATING = "answer.rating."
RATING_REASON = "answer.rating.reason."
RATING_COMMENT = "answer.rating.comment."
ESCALATION_NOTE = "answer.escalation.note."
ESCALATION_BUTTON = "answer.escalation.send."
SEARCHED_FIELD = "answer.searched."
SEARCH_AGAIN_BUTTON = "answer.searched.again."
RETRY_BUTTON = "answer.retry."
DOCUMENT_BUTTON = "answer.document."
ORIGINAL_BUTTON = "answer.original."

# Manage knowledge; those that end in a dot are followed by the id of a document, a job or a tenant, or by a number
KNOWLEDGE_TAB = "view"  # the name of the query parameter, so that a reload and a link keep the tab
OPEN_DOCUMENT = "document"  # the same; other pages link to a document with it
DOCUMENT_PLACE = "at"  # the same: offset in the document's text, in characters
KNOWLEDGE_NOTICE = "knowledge.notice"
WINDOW = "knowledge.window"
WINDOW_FAILURE = "knowledge.window.failure"
CONFIRM_BUTTON = "knowledge.window.confirm"
KNOWLEDGE_WARNING = "knowledge.warning"
KNOWLEDGE_WORK = "knowledge.work"
KNOWLEDGE_TENANT = "knowledge.tenant"
KNOWLEDGE_ADD_BUTTON = "knowledge.add"
KNOWLEDGE_BUILD_BUTTON = "knowledge.build"
KNOWLEDGE_PUBLISH_BUTTON = "knowledge.publish"
KNOWLEDGE_SAMPLE_BUTTON = "knowledge.sample"
UPLOAD_FIELD = "knowledge.upload."
UPLOAD_ROUND = "knowledge.upload_round"
UPLOAD_BUTTON = "knowledge.upload_start"
LIST_FIELD = "knowledge.list."  # followed by the name of the filter
LIST_PAGE = "knowledge.list.page"
LIST_ROUND = "knowledge.list.round"
LIST_TABLE = "knowledge.list.table."
LIST_TITLE_CLICK = "knowledge.list.title_click."
LIST_ACTION = "knowledge.list.action."
BULK_FIELD = "knowledge.bulk."
BULK_BUTTON = "knowledge.bulk.apply"
DOCUMENT_TAB = "knowledge.document.tab."
DOCUMENT_BACK = "knowledge.document.back"
DOCUMENT_ACTION = "knowledge.document.action."
DOCUMENT_PREVIEW = "knowledge.document.preview."
DOCUMENT_DETAIL = "knowledge.document.detail."
DOCUMENT_TEXT = "knowledge.document.text."
DOCUMENT_EDIT = "knowledge.document.edit."
DOCUMENT_FILE = "knowledge.document.file."
DOCUMENT_VERSIONS = "knowledge.document.versions."
IMPORT_JOB = "knowledge.import."
PUBLISH_CONFIRM = "knowledge.publish.confirm"
PUBLISH_REASON = "knowledge.publish.reason"
ROLL_BACK_BUTTON = "knowledge.roll_back"
VERSION_BUTTON = "knowledge.version."
SOURCE_FIELD = "knowledge.source."
SOURCE_BUTTON = "knowledge.source.do."
TENANT_FIELD = "knowledge.tenant_field."
TENANT_BUTTON = "knowledge.tenant_do."

# Check quality; those that end in a dot are followed by the id of a question or of a passage
QUALITY_TAB = "quality"  # the name of the query parameter, so that a reload and a link keep the tab
TRIAL_QUESTION = "quality.trial.question"
TRIAL_ASKED = "quality.trial.asked"
TRIAL_VERSION = "quality.trial.version"
TRIAL_BUTTON = "quality.trial.ask"
TRIAL_DOCUMENT = "quality.trial.document."
GOLDEN_SEARCH = "quality.golden.search"
GOLDEN_SHOWN = "quality.golden.shown"
GOLDEN_TABLE = "quality.golden.table."  # followed by a number that changes when the rows do
GOLDEN_ROUND = "quality.golden.round"
GOLDEN_ADD_BUTTON = "quality.golden.add"
GOLDEN_EDIT_BUTTON = "quality.golden.edit"
GOLDEN_DELETE_BUTTON = "quality.golden.delete"
GOLDEN_TRY_BUTTON = "quality.golden.try."
GOLDEN_RUN_BUTTON = "quality.golden.run"
GOLDEN_FIELD = "quality.golden.field."  # followed by the name of the field
GOLDEN_SAVE_BUTTON = "quality.golden.save"
GOLDEN_PLACE_BUTTON = "quality.golden.place"
GOLDEN_IMPORT_OPEN_BUTTON = "quality.golden.import_open"
GOLDEN_IMPORT_FILE = "quality.golden.import_file"
GOLDEN_IMPORT_BUTTON = "quality.golden.import"
GOLDEN_IMPORT_REPORT = "quality.golden.import_report"
GOLDEN_EXPORT_BUTTON = "quality.golden.export."  # followed by the format
COMPARE_BUTTON = "quality.compare.run"
TUNE_BUTTON = "quality.tune.propose"
TUNE_PROPOSAL = "quality.tune.proposal"
TUNE_SAVE_BUTTON = "quality.tune.save"
TUNE_RECALIBRATE_BUTTON = "quality.tune.recalibrate"
TUNE_RESULT = "quality.tune.result"
TUNE_UNDO_BUTTON = "quality.tune.undo"

# Improve answers; those that end in a dot are followed by the id of a cluster, of an answer, or of a curated answer
IMPROVE_TAB = "part"  # the name of the query parameter, so that a reload and a link keep the tab
IMPROVE_TENANT = "improve.tenant"
FEEDBACK_DAYS = "improve.days"
FEEDBACK_KINDS = "improve.kinds"
FEEDBACK_STATES = "improve.states"
FEEDBACK_MINE = "improve.mine"
CHOSEN_CLUSTER = "improve.cluster"
CLUSTERS_SHOWN = "improve.clusters_shown"
MORE_CLUSTERS_BUTTON = "improve.clusters_more"
CLUSTER_BUTTON = "improve.cluster."
CLUSTER_ASSIGNEE = "improve.assignee."
CLUSTER_ACTION = "improve.action."
CLUSTER_FAILURE = "improve.failure."
CASES_SHOWN_BUTTON = "improve.cases_more."
CASE_INCLUDED = "improve.included."
TAKE_OVER_BUTTON = "improve.take_over."
CURATED_FIELD = "improve.curated."  # followed by the id, a dot and the name of the field
CURATED_SAVE_BUTTON = "improve.curated_save."
REVISE_BUTTON = "improve.revise."
CLOSE_REASON = "improve.close_reason."
CLOSE_COMMENT = "improve.close_comment."
CLOSE_BUTTON = "improve.close."
REOPEN_BUTTON = "improve.reopen."
CURATED_SEARCH = "improve.curated_search"
CURATED_NEW_BUTTON = "improve.curated_new"
CURATED_OPEN = "improve.curated_open"
CURATED_BASE = "improve.curated_base."
CURATED_EDIT_BUTTON = "improve.curated_edit."
CURATED_DELETE_BUTTON = "improve.curated_delete."
CURATED_CANCEL_BUTTON = "improve.curated_cancel."
CURATED_MORE_BUTTON = "improve.curated_more"
CURATED_SHOWN = "improve.curated_shown"
EXPORT_DAYS = "improve.export_days"
EXPORT_BUTTON = "improve.export"

# See usage
USAGE_DAYS = "usage.days"
USAGE_DOWNLOAD_BUTTON = "usage.download"

# Background jobs; followed by the id of the job
JOB = "job."
JOB_CANCEL_BUTTON = "job.cancel."
JOB_RETRY_BUTTON = "job.retry."
JOB_REPORT_BUTTON = "job.report."
JOB_FILTER = "job.filter."
JOB_PAGE = "job.page."
